import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { json } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

type Body = Record<string, unknown>
export type Call = { method: string; path: string; headers: IncomingHttpHeaders; body: Body | undefined }
export type Answer = { status: number; headers?: Record<string, string>; body?: unknown }
/** A resource by its path, as its links name it; a link is told by `@odata.id`. */
export type Tree = Record<string, Body>

/** How a maker's BMC differs: its resources, and what it answers otherwise than a plain one would. */
export type Vendor = {
  tree: Tree
  /** An answer, or nothing for a plain BMC's. */
  answers?: (call: Call, tree: Tree) => Answer | undefined
}
export type VendorBmc = {
  url: string
  tree: Tree
  calls: Call[]
  sent(method: string, path: RegExp): (Body | undefined)[]
}

export const refusal = (id: string, message: string, status = 400, more: object = {}): Answer => ({
  status,
  body: {
    error: {
      code: 'Base.1.8.GeneralError',
      message: 'A general error has occurred. See ExtendedInfo.',
      '@Message.ExtendedInfo': [{ MessageId: `Base.1.8.${id}`, Message: message, ...more }],
    },
  },
})

/** A BMC of such a kind, on a port of chance. It holds what it is told; power changes at once. */
export async function vendorBmc({ tree: given, answers }: Vendor): Promise<VendorBmc> {
  const tree = structuredClone(given)
  const calls: Call[] = []
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const sent = request.headers['content-length'] ? ((await json(request)) as Body) : undefined
      const call = { method: request.method ?? 'GET', path: request.url ?? '/', headers: request.headers, body: sent }
      calls.push(call)
      const { status, headers, body } = answers?.(call, tree) ?? plain(call, tree)
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(body === undefined ? undefined : JSON.stringify(body))
    }
    void answer()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const sent = (method: string, path: RegExp) =>
    calls.filter((call) => call.method === method && path.test(call.path)).map(({ body }) => body)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tree, calls, sent }
}

const bare = (path: string): string => path.replace(/(.)\/$/, '$1')
const at = (tree: Tree, path: string): Body | undefined =>
  Object.entries(tree).find(([key]) => bare(key) === bare(path))?.[1]

function plain({ method, path, body }: Call, tree: Tree): Answer {
  if (method === 'POST' && /\/Sessions\/?$/.test(path)) {
    return { status: 201, headers: { 'x-auth-token': 't', location: `${bare(path)}/1` }, body: {} }
  }
  if (method === 'DELETE') return { status: 204 }
  const [, owner = '', action] = /^(.*)\/Actions\/(?:.*\/)?(\w+\.\w+)\/?$/.exec(path) ?? []
  const resource = at(tree, action ? owner : path)
  if (!resource) return refusal('ResourceMissingAtURI', 'The resource was not found.', 404)
  if (method === 'GET') return { status: 200, body: { '@odata.id': path, ...resource } }
  if (action === 'ComputerSystem.Reset') {
    resource['PowerState'] = String(body?.['ResetType']).match(/Off|Shutdown/) ? 'Off' : 'On'
  } else if (action === 'VirtualMedia.InsertMedia') Object.assign(resource, { Image: body?.['Image'], Inserted: true })
  else if (action === 'VirtualMedia.EjectMedia') Object.assign(resource, { Image: '', Inserted: false })
  else if (method === 'PATCH') merge(resource, body ?? {})
  return { status: 204 }
}

export function merge(into: Body, from: Body): void {
  for (const [key, value] of Object.entries(from)) {
    const held = into[key]
    if (isBody(held) && isBody(value)) merge(held, value)
    else into[key] = value
  }
}

const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
