import { Fault } from '@ferrite/shared/fault'
import { states } from '@ferrite/shared/provision'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { withoutRescuePassword } from '../steps/rescue/rescue.ts'
import type { NewHistory, Work } from '../store/store.ts'
import { advance } from './advance.ts'
import { historyType } from './history-type.ts'
import { newFlow } from './new-flow.ts'
import type { ProvisionParts } from './parts.ts'

/** Ends a flow whose steps are all done. True when another flow follows at once (cleaning after a delete). */
export async function finishFlow(task: Task, work: Work, parts: ProvisionParts): Promise<boolean> {
  const flow = task.node.internal.flow
  if (flow?.kind === 'delete') return finishDelete(task, parts)
  if (flow?.kind === 'deploy') checkFacts(task.node)
  const event = flow?.kind === 'clean' && endsManageable(task.node) ? 'manage' : 'done'
  // An instance that was brought back is active already.
  const { set, events } = states[task.node.provision_state].on[event]
    ? advance(task.node, event, task.clock, { last_error: null })
    : { set: {}, events: [] }
  const cleared: NodeChanges = {
    deploy_step: {},
    clean_step: {},
    service_step: {},
    ...(flow?.kind === 'inspect' ? { inspection_finished_at: set.provision_updated_at ?? null } : {}),
    ...(flow?.kind === 'rescue' ? { instance_info: withoutRescuePassword(task) } : {}),
    internal: {
      flow: undefined,
      agent_steps: undefined,
      agent: { epoch: task.node.internal.agent?.epoch ?? 0 },
    },
  }
  task.log.info({ flow: flow?.kind, state: set.provision_state }, 'flow finished')
  await task.save(
    { ...set, ...cleared },
    { close: { work_id: work.id }, events, history: [historyOf(task.node, flow?.kind)] },
  )
  return false
}

const endsManageable = (node: NodeRecord): boolean => node.target_provision_state === 'manageable' || node.retired

/** What `active` rests on, looked at once more: the image written, the machine running, the disk its boot device. */
function checkFacts({ internal }: NodeRecord): void {
  const did = (name: string) => internal.flow?.steps.some((one) => one.interface === 'deploy' && one.step === name)
  if (did('write_image') && !internal.written) throw new Fault('bug', 'no record says that the image was written')
  if (did('boot_instance') && internal.flow?.confirmed?.power !== 'power on') {
    throw new Fault('power_failed', `the machine is not running: ${internal.flow?.confirmed?.power ?? 'unknown'}`)
  }
  const device = internal.flow?.confirmed?.boot_device
  if (device !== undefined && device !== 'disk' && device !== 'unknown') {
    throw new Fault('bmc_lied', `the machine's boot device is ${device}, not the disk`)
  }
}

async function finishDelete(task: Task, parts: ProvisionParts): Promise<boolean> {
  await forgetInstance(task, parts)
  const { set, events } = advance(task.node, 'clean', task.clock, { last_error: null })
  const wanted = task.node.automated_clean ?? parts.automatedClean
  await task.save(
    {
      ...set,
      instance_info: {},
      instance_uuid: null,
      instance_name: null,
      deploy_step: {},
      service_step: {},
      internal: {
        flow: newFlow('clean', [], task.clock.now(), { agent_steps_known: !wanted }),
        written: undefined,
        agent_steps: undefined,
        is_whole_disk_image: undefined,
        deploy_boot_mode: undefined,
        root_uuid_or_disk_id: undefined,
      },
    },
    { events, configdrive: null, history: [historyOf(task.node, 'delete')] },
  )
  return true
}

/** What lies beside the node's row: its ports' virtual interfaces and its volumes. */
async function forgetInstance(task: Task, { store }: ProvisionParts): Promise<void> {
  const { uuid } = task.node
  for (const port of task.ports) {
    const { tenant_vif_port_id: vif, ...internal_info } = port.internal_info
    if (vif !== undefined)
      await task.effect('detach its virtual interfaces', () => store.updatePort(port.uuid, { internal_info }))
  }
  for (const group of await store.resources.list('portgroups', { node_uuid: uuid })) {
    const { tenant_vif_port_id: vif, ...internal_info } = group.internal_info
    if (vif !== undefined) {
      await task.effect('detach its virtual interfaces', () =>
        store.resources.update('portgroups', group.uuid, { internal_info }),
      )
    }
  }
  for (const target of await store.resources.list('volume_targets', { node_uuid: uuid })) {
    await task.effect('forget its volumes', () => store.resources.delete('volume_targets', target.uuid))
  }
}

function historyOf(node: NodeRecord, kind: string | undefined): NewHistory {
  const began = node.internal.flow?.started_at
  return {
    severity: 'INFO',
    event_type: historyType(kind),
    event: `The ${kind ?? 'flow'} operation has finished.`,
    state: node.provision_state,
    target_provision_state: node.target_provision_state,
    ...(began ? { duration_seconds: secondsSince(began, node) } : {}),
  }
}

const secondsSince = (began: string, node: NodeRecord): number =>
  Math.max(0, (Date.parse(node.updated_at ?? began) - Date.parse(began)) / 1000)
