import { powerTargets, type PowerTarget } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { Power } from '../core/services.ts'
import type { NodeRecord } from '../core/node.ts'
import type { ProvisionParts } from './parts.ts'

export type PowerParts = ProvisionParts & {
  validateFor(node: NodeRecord, interfaces: readonly 'power'[]): Promise<void>
}

/** PUT states/power: the target is recorded and the work opened; a worker talks to the BMC. */
export function createPower(parts: PowerParts): Power {
  return {
    async request(ident, target, { timeoutMs }, caller) {
      const node = await parts.store.node(ident)
      if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
      const wanted = checkedTarget(node, target)
      await parts.validateFor(node, ['power'])
      await parts.store.commit({
        node_uuid: node.uuid,
        guard: { unlocked: true },
        set: { target_power_state: wanted, last_error: null },
        open: {
          kind: 'power',
          args: { target: wanted, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
          purpose: `changing the power to ${wanted}`,
          request_id: caller.request_id,
        },
      })
      parts.wake()
    },
  }
}

function checkedTarget(node: NodeRecord, target: string): PowerTarget {
  const wanted = powerTargets.find((one) => one === target)
  if (!wanted) throw new Fault('invalid', `The requested power state "${target}" is invalid.`)
  if (node.provision_state === 'cleaning' || node.provision_state === 'clean wait') {
    throw new Fault(
      'invalid_transition',
      `The requested action "${target}" can not be performed on node "${node.uuid}" while it is in state "${node.provision_state}".`,
    )
  }
  if (node.disable_power_off && (wanted === 'power off' || wanted === 'soft power off')) {
    throw new Fault('conflict', `Node ${node.uuid} has power off disabled (disable_power_off).`)
  }
  return wanted
}
