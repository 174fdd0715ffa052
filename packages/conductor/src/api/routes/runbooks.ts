import { z } from 'zod'
import { findResource } from '../../resources/resource.ts'
import { runbooks, setRunbookTraits } from '../../resources/runbooks.ts'
import { looseAnswer } from '../answers.ts'
import { boolean } from '../query.ts'
import { route, type ApiContext, type DeclaredRoute } from '../route.ts'
import { orders, reads, takes } from './defaults.ts'
import { resourceContext, resourceRoutes } from './resource-routes.ts'

const path = '/v1/runbooks/:id/traits'
const since = 112
type Asked = { api: ApiContext; params: { id: string } }

const change = ({ api, params }: Asked, to: (now: readonly string[]) => readonly string[]) =>
  setRunbookTraits(resourceContext(api), () => findResource(api, runbooks, params.id), to)

export const runbookRoutes: readonly DeclaredRoute[] = [
  ...resourceRoutes({
    resource: runbooks,
    path: 'runbooks',
    collection: 'runbooks',
    since: 92,
    policy: 'runbook',
    listPolicy: 'runbook:list',
    writes: { tooOld: 'method_not_allowed' },
    filters: { project: { since: 92, schema: boolean } },
    filterOf: () => ({}),
    answer: looseAnswer,
  }),
  route({
    ...reads,
    method: 'GET',
    path,
    since,
    auth: 'baremetal:runbook:get',
    answers: { 200: looseAnswer },
    handle: async ({ api, params }) => ({
      status: 200,
      body: { traits: (await findResource(api, runbooks, params.id)).traits },
    }),
  }),
  route({
    ...takes,
    method: 'PUT',
    path,
    since,
    auth: 'baremetal:runbook:update',
    audit: 'runbook.traits.set',
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
    method: 'PUT',
    path: `${path}/:trait`,
    since,
    auth: 'baremetal:runbook:update',
    audit: 'runbook.traits.add',
    answers: { 204: null },
    handle: async (call) => {
      const { id, trait } = call.params
      await change(call, (now) => [...now, trait])
      return { status: 204, location: `/v1/runbooks/${id}/traits/${trait}` }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path,
    since,
    auth: 'baremetal:runbook:update',
    audit: 'runbook.traits.clear',
    answers: { 204: null },
    handle: async (call) => {
      await change(call, () => [])
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: `${path}/:trait`,
    since,
    auth: 'baremetal:runbook:update',
    audit: 'runbook.traits.remove',
    answers: { 204: null },
    handle: async (call) => {
      // One that is not there is gone already.
      await change(call, (now) => now.filter((trait) => trait !== call.params.trait))
      return { status: 204 }
    },
  }),
]
