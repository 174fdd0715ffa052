import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { reads, takes } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const path = '/v1/nodes/:ident/management/indicators'
const one = `${path}/:indicator` as const

/** Lights of a machine, each known as name@component. */
export const nodeIndicatorRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path,
    since: 63,
    auth: 'baremetal:node:get_indicator_state',
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const { uuid } = await nodeOf(call)
      const known = await call.api.services.hardware.indicators(uuid)
      const indicators = Object.entries(known).flatMap(([component, names]) =>
        Object.entries(names).map(([name, facts]) => ({
          name: `${name}@${component}`,
          component,
          ...facts,
          links: links(call.base, `nodes/${uuid}/management/indicators`, `${name}@${component}`),
        })),
      )
      return { status: 200, body: { indicators } }
    },
  }),
  route({
    ...reads,
    method: 'GET',
    path: one,
    since: 63,
    auth: 'baremetal:node:get_indicator_state',
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const { uuid } = await nodeOf(call)
      const { component, name } = partsOf(call.params.indicator)
      return { status: 200, body: { state: await call.api.services.hardware.indicator(uuid, component, name) } }
    },
  }),
  route({
    ...takes,
    method: 'PUT',
    path: one,
    since: 63,
    auth: 'baremetal:node:set_indicator_state',
    audit: 'node.set_indicator',
    // Some clients put it into the query.
    query: { state: { since: 63, schema: text } },
    body: z.strictObject({ state: z.string().max(64) }).nullish(),
    bodyName: 'indicator',
    answers: { 204: null },
    handle: async (call) => {
      const { uuid } = await nodeOf(call)
      const { component, name } = partsOf(call.params.indicator)
      const state = call.body?.state ?? call.query.state
      if (state === undefined) throw new Fault('missing_parameter', 'Missing mandatory parameter: state')
      await call.api.services.hardware.setIndicator(uuid, component, name, state)
      return { status: 204 }
    },
  }),
]

function partsOf(indicator: string): { component: string; name: string } {
  const at = indicator.indexOf('@')
  if (at < 0) throw new Fault('invalid', `Malformed indicator name "${indicator.slice(0, 255)}"`)
  return { name: indicator.slice(0, at), component: indicator.slice(at + 1) }
}
