import { z } from 'zod'
import { whenUnlocked } from '../../nodes/change-node.ts'
import { removeTrait, setTraits } from '../../nodes/traits.ts'
import { looseAnswer } from '../answers.ts'
import { route, type DeclaredRoute, type Request } from '../route.ts'
import { orders, reads, takes } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const since37 = { since: 37, tooOld: 'not_acceptable' } as const

type Asked = Pick<Request, 'api' | 'microversion' | 'suffixed' | 'signal'> & { params: { ident: string } }
const change = (call: Asked, to: (now: readonly string[]) => readonly string[]) =>
  whenUnlocked(call.api.clock, call.signal, () => setTraits(call.api.store, () => nodeOf(call), to))

export const nodeTraitRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    ...since37,
    method: 'GET',
    path: '/v1/nodes/:ident/traits',
    auth: 'baremetal:node:traits:list',
    answers: { 200: looseAnswer },
    handle: async (call) => ({ status: 200, body: { traits: (await nodeOf(call)).traits } }),
  }),
  route({
    ...takes,
    ...since37,
    method: 'PUT',
    path: '/v1/nodes/:ident/traits',
    auth: 'baremetal:node:traits:set',
    audit: 'node.traits.set',
    body: z.strictObject({ traits: z.array(z.string().max(255)).max(1000) }),
    bodyName: 'traits',
    answers: { 204: null },
    handle: async (call) => {
      await change(call, () => call.body.traits)
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    ...since37,
    method: 'PUT',
    path: '/v1/nodes/:ident/traits/:trait',
    auth: 'baremetal:node:traits:set',
    audit: 'node.traits.add',
    answers: { 204: null },
    handle: async (call) => {
      const { ident, trait } = call.params
      await change(call, (now) => [...now, trait])
      return { status: 204, location: `/v1/nodes/${ident}/traits/${trait}` }
    },
  }),
  route({
    ...orders,
    ...since37,
    method: 'DELETE',
    path: '/v1/nodes/:ident/traits',
    auth: 'baremetal:node:traits:delete',
    audit: 'node.traits.clear',
    answers: { 204: null },
    handle: async (call) => {
      await change(call, () => [])
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    ...since37,
    method: 'DELETE',
    path: '/v1/nodes/:ident/traits/:trait',
    auth: 'baremetal:node:traits:delete',
    audit: 'node.traits.remove',
    answers: { 204: null },
    handle: async (call) => {
      const { store, clock } = call.api
      await whenUnlocked(clock, call.signal, () => removeTrait(store, () => nodeOf(call), call.params.trait))
      return { status: 204 }
    },
  }),
]
