import { z } from 'zod'
import { powerRequest, powerTargets, provisionRequest } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../../core/node.ts'
import { maskedText } from '@ferrite/shared/redact'
import { looseAnswer } from '../answers.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { tooNew } from '../versions.ts'
import { stateName } from '../views.ts'
import { provisionBody, reads, takes } from './defaults.ts'
import { nodeOf } from './nodes.ts'

export const nodeStateRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/states',
    since: 1,
    auth: 'baremetal:node:get_states',
    answers: { 200: looseAnswer },
    handle: async (call) => ({ status: 200, body: statesView(await nodeOf(call), call.microversion) }),
  }),
  route({
    ...takes,
    method: 'PUT',
    path: '/v1/nodes/:ident/states/provision',
    since: 1,
    auth: 'baremetal:node:set_provision_state',
    audit: 'node.provision',
    maxBody: provisionBody,
    body: provisionRequest,
    bodyName: 'provision',
    answers: { 202: null },
    handle: async (call) => {
      const node = await nodeOf(call)
      await call.api.services.provision.request(node.uuid, call.body, call.caller, call.microversion)
      return { status: 202, location: `/v1/nodes/${call.params.ident}/states` }
    },
  }),
  route({
    ...takes,
    method: 'PUT',
    path: '/v1/nodes/:ident/states/power',
    since: 1,
    auth: 'baremetal:node:set_power_state',
    audit: 'node.power',
    body: powerRequest.extend({
      timeout: z
        .union([
          z.int(),
          z
            .string()
            .regex(/^\d{1,9}$/)
            .transform(Number),
        ])
        .nullish(),
    }),
    bodyName: 'power',
    answers: { 202: null },
    handle: async (call) => {
      const node = await nodeOf(call)
      const { target, timeout } = call.body
      checkPower(node, target, timeout, call.microversion)
      const options = timeout ? { timeoutMs: timeout * 1000 } : {}
      await call.api.services.power.request(node.uuid, target, options, call.caller)
      return { status: 202, location: `/v1/nodes/${call.params.ident}/states` }
    },
  }),
]

export function statesView(node: NodeRecord, microversion: number): Record<string, unknown> {
  return {
    power_state: node.power_state,
    target_power_state: node.target_power_state,
    provision_state: stateName(node.provision_state, microversion),
    target_provision_state: stateName(node.target_provision_state, microversion),
    provision_updated_at: node.provision_updated_at,
    last_error: node.last_error === null ? null : maskedText(node.last_error),
    console_enabled: node.console_enabled,
    ...(microversion >= 12 ? { raid_config: node.raid_config, target_raid_config: node.target_raid_config } : {}),
    ...(microversion >= 75 ? { boot_mode: node.boot_mode, secure_boot: node.secure_boot } : {}),
  }
}

function checkPower(node: NodeRecord, target: string, timeout: number | null | undefined, microversion: number): void {
  if ((target.startsWith('soft ') || typeof timeout === 'number') && microversion < 27) throw tooNew(27)
  if (timeout !== null && timeout !== undefined && timeout < 1) {
    throw new Fault('invalid', 'timeout has to be positive integer')
  }
  const refused = (state: string | null) =>
    new Fault(
      'invalid_transition',
      `The requested action "${target.slice(0, 64)}" can not be performed on node "${node.uuid}" while it is in state "${state}".`,
    )
  if (!(powerTargets as readonly string[]).includes(target)) throw refused(node.power_state)
  if (node.provision_state === 'cleaning' || node.provision_state === 'clean wait') throw refused(node.provision_state)
  if (node.disable_power_off && (target === 'power off' || target === 'soft power off')) {
    throw new Fault(
      'conflict',
      `Failed to set node power state to ${target}: power off is disabled for node ${node.uuid}.`,
    )
  }
}
