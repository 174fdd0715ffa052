import { inspectionData } from '@ferrite/shared/contracts/inspection'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { looseAnswer } from '../answers.ts'
import { uuid } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { nodeView } from '../views.ts'
import { lookupFields, progressPath } from './callback.ts'
import { takes } from './defaults.ts'

const nodesSince = 84

/** What ramdisks send after looking at their machine. Old ones speak as to ironic-inspector: without a version, for a uuid. */
export const continueInspectionRoutes: readonly DeclaredRoute[] = [
  route({
    ...takes,
    listener: 'ramdisk',
    method: 'POST',
    path: '/v1/continue_inspection',
    since: 1,
    auth: 'ramdisk',
    audit: null,
    maxBody: 16 * MiB,
    query: { node_uuid: { since: 1, schema: uuid } },
    body: inspectionData,
    bodyName: 'inspection data',
    answers: { 202: looseAnswer },
    handle: async ({ api, body, query, microversion, peer, base }) => {
      const wantsNode = microversion >= nodesSince
      if (!wantsNode && (microversion > 1 || query.node_uuid !== undefined)) {
        throw new Fault('not_found', `API version 1.${nodesSince} or newer is required`)
      }
      const sent = {
        data: body,
        wantsNode,
        microversion,
        peer,
        ...(query.node_uuid ? { node_uuid: query.node_uuid } : {}),
      }
      const { node, config, ...rest } = await api.services.callback.inspected(sent)
      if (!wantsNode) return { status: 202, body: { uuid: node.uuid } }
      const fields = { microversion, base, fields: lookupFields }
      return {
        status: 202,
        body: {
          ...rest,
          node: nodeView(node, fields, api.services.drivers.secretKeys(node)),
          config: { ...config, ferrite: { progress_path: progressPath } },
        },
      }
    },
  }),
]
