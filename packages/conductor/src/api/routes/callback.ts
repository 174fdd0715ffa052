import { z } from 'zod'
import { heartbeatBody, heartbeatFieldsSince, progressReport, type Heartbeat } from '@ferrite/shared/contracts/callback'
import { mac } from '@ferrite/shared/contracts/ports'
import { Fault, isFault } from '@ferrite/shared/fault'
import { findNode } from '../../nodes/find-node.ts'
import { looseAnswer } from '../answers.ts'
import { list, uuid } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { nodeView } from '../views.ts'
import { heartbeatBodyLimit, reads, takes } from './defaults.ts'

export const progressPath = '/ferrite/v1/progress'
export const lookupFields = ['uuid', 'properties', 'instance_info', 'driver_internal_info']

export const callbackRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    listener: 'ramdisk',
    method: 'GET',
    path: '/v1/lookup',
    since: 22,
    auth: 'ramdisk',
    query: { addresses: { since: 22, schema: list }, node_uuid: { since: 22, schema: uuid } },
    answers: { 200: looseAnswer },
    handle: async ({ api, query, microversion, peer, base }) => {
      const addresses = validMacs(query.addresses ?? [])
      if (addresses.length === 0 && query.node_uuid === undefined) {
        throw new Fault('invalid', "At least one of 'addresses' and 'node_uuid' parameters must be specified")
      }
      const asked = { addresses, microversion, peer, ...(query.node_uuid ? { node_uuid: query.node_uuid } : {}) }
      const { node, config, ...rest } = await hideAbsence(api.services.callback.lookup(asked))
      const fields = { microversion, base, fields: lookupFields }
      return {
        status: 200,
        body: {
          ...rest,
          node: nodeView(node, fields, api.services.drivers.secretKeys(node)),
          config: { ...config, ferrite: { progress_path: progressPath } },
        },
      }
    },
  }),
  route({
    ...takes,
    listener: 'ramdisk',
    method: 'POST',
    path: '/v1/heartbeat/:ident',
    since: 22,
    auth: 'ramdisk',
    audit: null,
    maxBody: heartbeatBodyLimit,
    body: heartbeatBody.extend({ agent_status: z.string().max(64).nullish() }).partial({ callback_url: true }),
    bodyName: 'heartbeat',
    answers: { 202: null },
    handle: async ({ api, params, body, microversion, peer, suffixed }) => {
      const heartbeat = checkHeartbeat(body, microversion)
      const node = await findNode(api.store, { ident: params.ident, microversion, suffixed })
      await api.services.callback.heartbeat(node.uuid, heartbeat, { microversion, peer })
      return { status: 202 }
    },
  }),
  route({
    ...takes,
    listener: 'ramdisk',
    method: 'POST',
    path: progressPath,
    since: 1,
    auth: 'ramdisk',
    audit: null,
    maxBody: heartbeatBodyLimit,
    body: progressReport,
    bodyName: 'progress',
    answers: { 204: null },
    handle: async ({ api, body }) => {
      await api.services.callback.progress(body)
      return { status: 204 }
    },
  }),
]

/** What is no MAC address is left out: machines have interfaces with other addresses. */
const validMacs = (given: readonly string[]): string[] => [
  ...new Set(given.flatMap((address) => mac.safeParse(address).data ?? [])),
]

/** One answer for "unknown", "wrong state" and "not now", so that nobody can find out which nodes exist. */
async function hideAbsence<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isFault(error, 'not_found')) throw new Fault('not_found', 'Resource could not be found.')
    throw error
  }
}

type Given = { [K in keyof Heartbeat]?: unknown }

/** The fields against the request's version, then their presence. What the token allows is decided behind this. */
function checkHeartbeat(body: Given, microversion: number): Heartbeat {
  for (const [field, since] of Object.entries(heartbeatFieldsSince)) {
    // A token is refused by its worth, not by the version, as Ironic does.
    if (field === 'agent_token' || microversion >= since) continue
    const value = body[field as keyof Heartbeat]
    if (value !== undefined && value !== null) {
      throw new Fault('invalid', `Field "${field}" not recognised in this version`)
    }
  }
  const present = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
  if (present['callback_url'] === undefined) {
    throw new Fault('missing_parameter', 'Missing mandatory parameter: callback_url')
  }
  const result = heartbeatBody.safeParse(present)
  if (result.success) return result.data
  throw new Fault('invalid', 'Agent status is invalid. Valid states are start,end,error.')
}
