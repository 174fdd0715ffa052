import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { findNode } from '../../nodes/find-node.ts'
import { looseAnswer } from '../answers.ts'
import { route, type DeclaredRoute, type Request } from '../route.ts'
import { maxVersion } from '../versions.ts'
import { orders, reads, takes } from './defaults.ts'

const base = '/ferrite/v1/nodes/:ident'
const read = { ...reads, method: 'GET', since: 1, answers: { 200: looseAnswer } } as const
const nodeOf = ({ api, params }: Pick<Request, 'api'> & { params: { ident: string } }) =>
  findNode(api.store, { ident: params.ident, microversion: maxVersion })

/** What was seen of a node's boots, whether all is there for the next one, and what its BMC tells. */
export const nodeBootRoutes: readonly DeclaredRoute[] = [
  route({
    ...read,
    path: `${base}/boot-trace`,
    auth: 'ferrite:boot_trace:get',
    handle: async (call) => {
      const node = await nodeOf(call)
      return { status: 200, body: call.api.services.bootTrace(node) }
    },
  }),
  route({
    ...read,
    path: `${base}/check`,
    auth: 'ferrite:check:get',
    handle: async (call) => {
      const node = await nodeOf(call)
      const { check } = node.internal
      if (!check) throw new Fault('not_found', `Node ${node.uuid} has not been checked yet.`)
      return { status: 200, body: { node_uuid: node.uuid, ...check } }
    },
  }),
  route({
    ...orders,
    method: 'POST',
    path: `${base}/check`,
    since: 1,
    auth: 'ferrite:check:run',
    audit: 'node.check',
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const node = await nodeOf(call)
      return { status: 200, body: { node_uuid: node.uuid, ...(await call.api.services.checkNode(node.uuid)) } }
    },
  }),
  route({
    ...read,
    path: `${base}/sensors`,
    auth: 'ferrite:sensors:get',
    handle: async (call) => ({
      status: 200,
      body: { sensors: await call.api.services.machine.sensors((await nodeOf(call)).uuid) },
    }),
  }),
  route({
    ...takes,
    method: 'PUT',
    path: `${base}/identify`,
    since: 1,
    auth: 'ferrite:identify',
    audit: 'node.identify',
    body: z.strictObject({ seconds: z.int().min(0).max(255).default(30) }),
    bodyName: 'identify',
    answers: { 204: null },
    handle: async (call) => {
      await call.api.services.machine.identify((await nodeOf(call)).uuid, call.body.seconds)
      return { status: 204 }
    },
  }),
]
