import { looseAnswer } from '../answers.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'

export const shardRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/shards',
    since: 82,
    auth: 'baremetal:shards:get',
    answers: { 200: looseAnswer },
    handle: async ({ api }) => {
      const shards = await api.store.shards()
      // Ironic's clients know nodes without a shard by this word.
      return { status: 200, body: { shards: shards.map(({ name, count }) => ({ name: name ?? 'None', count })) } }
    },
  }),
]
