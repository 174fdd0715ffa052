import { chassis } from '../../resources/chassis.ts'
import { findResource } from '../../resources/resource.ts'
import { listAnswer, looseAnswer, nodeAnswer } from '../answers.ts'
import { shownFields } from '../collection.ts'
import { detailParam, fieldsParam, pageParams } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { nodeListFields } from '../views.ts'
import { reads } from './defaults.ts'
import { nodeList } from './node-lists.ts'
import { resourceRoutes } from './resource-routes.ts'

export const chassisRoutes: readonly DeclaredRoute[] = [
  ...resourceRoutes({
    resource: chassis,
    path: 'chassis',
    collection: 'chassis',
    since: 1,
    policy: 'chassis',
    parts: { nodes: 1 },
    detailPath: true,
    filters: {},
    filterOf: () => ({}),
    answer: looseAnswer,
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/chassis/:id/nodes',
    since: 1,
    auth: 'baremetal:node:list',
    query: { ...pageParams, ...fieldsParam, ...detailParam },
    answers: { 200: listAnswer('nodes', nodeAnswer) },
    handle: async (call) => {
      const { uuid } = await findResource(call.api, chassis, call.params.id)
      const query = { ...call.query, chassis_uuid: uuid }
      return nodeList({ ...call, query }, shownFields(call.query, nodeListFields), `chassis/${uuid}/nodes`)
    },
  }),
]
