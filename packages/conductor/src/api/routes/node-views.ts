import { Fault } from '@ferrite/shared/fault'
import { looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const read = { ...reads, method: 'GET', answers: { 200: looseAnswer } } as const

/** What a node has besides itself, as far as something is kept here: lists that are empty are so truthfully. */
export const nodeViewRoutes: readonly DeclaredRoute[] = [
  ...emptyLists(),
  route({
    ...read,
    path: '/v1/nodes/:ident/bios/:setting',
    since: 40,
    auth: 'baremetal:node:bios:get',
    handle: async (call) => {
      const node = await nodeOf(call)
      throw new Fault(
        'not_found',
        `Node ${node.uuid} doesn't have a BIOS setting '${call.params.setting.slice(0, 255)}'`,
      )
    },
  }),
  route({
    ...read,
    path: '/v1/nodes/:ident/inventory',
    since: 81,
    auth: 'baremetal:node:inventory:get',
    handle: async (call) => {
      const node = await nodeOf(call)
      throw new Fault('not_found', `Inventory data for node ${node.uuid} could not be found.`)
    },
  }),
  route({
    ...read,
    path: '/v1/nodes/:ident/children',
    since: 83,
    auth: 'baremetal:node:get:children',
    handle: async (call) => {
      const node = await nodeOf(call)
      const children = await call.api.store.nodes({ parent_node: node.uuid, include_children: true })
      return {
        status: 200,
        body: {
          children: children.map((child) => child.uuid),
          links: links(call.base, 'nodes', `${node.uuid}/children`),
        },
      }
    },
  }),
]

function emptyLists(): DeclaredRoute[] {
  const lists: [string, string, number][] = [
    ['bios', 'bios', 40],
    ['firmware', 'firmware', 86],
  ]
  return lists.map(([path, name, since]) =>
    route({
      ...read,
      path: `/v1/nodes/:ident/${path}`,
      since,
      auth: `baremetal:node:${name}:get`,
      handle: async ({ params, ...call }) => {
        await nodeOf({ ...call, params })
        return { status: 200, body: { [name]: [] } }
      },
    }),
  )
}
