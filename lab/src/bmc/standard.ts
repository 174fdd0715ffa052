import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { missing, refuse } from './answers.ts'
import { root } from './paths.ts'

/** Which methods a path takes; undefined where there is nothing. */
export type MethodsOf = (path: string) => readonly string[] | undefined

/** The path of a request: without a query, and without a slash at the end. */
export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.replace(/\?.*$/, '').replace(/(.)\/$/, '$1')

/** Readable by anybody: whoever has not logged in learns by them how to. */
export const isOpen = (path: string): boolean => ['/redfish', root, `${root}/odata`, `${root}/$metadata`].includes(path)

/** What the standard asks of every answer, and its words for what Fastify would say in its own. */
export function installStandard(app: FastifyInstance, methodsOf: MethodsOf): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'OData-Version': '4.0', 'Cache-Control': 'no-cache' })
    const version = request.headers['odata-version']
    if (version !== undefined && version !== '4.0')
      return refuse(reply, 412, 'PreconditionFailed', 'Only version 4.0 of OData is spoken here.')
    const methods = methodsOf(pathOf(request))
    if (methods && ['GET', 'HEAD'].includes(request.method)) reply.header('Allow', methods.join(', '))
    const asked = Object.keys(request.query as object).find((name) => name.startsWith('$') || name === 'only')
    if (asked === undefined || request.method !== 'GET') return undefined
    return refuse(reply, 501, 'QueryNotSupported', `The query parameter ${asked} is not supported.`, { args: [asked] })
  })
  app.setNotFoundHandler((request, reply) => notTaken(request, reply, methodsOf))
  app.setErrorHandler((error: { statusCode?: number; code?: string }, _, reply) => {
    const status = error.statusCode ?? 500
    if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
      return refuse(reply, 415, 'UnsupportedMediaType', 'The body has to be application/json.')
    if (status < 500) return refuse(reply, status, 'MalformedJSON', 'The body is not JSON.')
    return refuse(reply, 500, 'InternalError', 'The request failed due to an internal service error.')
  })
}

/** Says that there is nothing, or what it takes instead. */
export function notTaken(request: FastifyRequest, reply: FastifyReply, methodsOf: MethodsOf) {
  const methods = methodsOf(pathOf(request))
  if (!methods || methods.includes(request.method)) return missing(reply)
  return refuse(
    reply.header('Allow', methods.join(', ')),
    405,
    'OperationNotAllowed',
    `The resource does not take ${request.method}, only ${methods.join(', ')}.`,
  )
}

/** The names of the types that the resources here have, as OData wants them listed. */
export function metadata(types: readonly string[]): string {
  const schema = (namespace: string): string =>
    `<edmx:Reference Uri="http://redfish.dmtf.org/schemas/v1/${namespace.split('.')[0]}_v1.xml"><edmx:Include Namespace="${namespace}"/></edmx:Reference>`
  const namespaces = [...new Set(types.map((type) => type.replace(/^#/, '').replace(/\.[^.]+$/, '')))].sort()
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">',
    ...namespaces.map(schema),
    '<edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">',
    '<EntityContainer Name="Service" Extends="ServiceRoot.v1_5_0.ServiceContainer"/>',
    '</Schema></edmx:DataServices></edmx:Edmx>',
  ].join('\n')
}
