import { Fault } from '@ferrite/shared/fault'
import { z } from 'zod'
import { timestamp } from '../core/clock.ts'
import type { StepKind } from '../core/interfaces.ts'
import type { FlowStep } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { setCapabilities } from './inspect/inspection.ts'

const logicalDisk = z.looseObject({
  size_gb: z.union([z.number(), z.string()]).nullish(),
  raid_level: z.union([z.string(), z.number()]).nullish(),
  is_root_volume: z.boolean().nullish(),
  root_device_hint: z.record(z.string(), z.unknown()).nullish(),
})
const built = z.looseObject({ logical_disks: z.array(logicalDisk).min(1) })

/** Keeps with the node what its agent says of the RAID that it has just built or taken away. */
export async function keepRaidOutcome(task: Task, kind: StepKind, step: FlowStep): Promise<void> {
  if (step.interface !== 'raid' || task.node.raid_interface !== 'agent') return
  if (step.step === 'delete_configuration') {
    const { root_device: _gone, ...properties } = task.node.properties
    await task.save({ raid_config: {}, properties })
  }
  if (step.step === 'create_configuration' || step.step === 'apply_configuration') await keepBuilt(task, kind)
}

async function keepBuilt(task: Task, kind: StepKind): Promise<void> {
  const last = (await task.agent.commands()).at(-1)
  const result = built.safeParse((last?.command_result as Record<string, unknown> | null)?.[`${kind}_result`])
  if (!result.success) throw new Fault('step_failed', 'the agent built a RAID, but does not tell which')
  const raid_config = { ...result.data, last_updated: timestamp(task.clock.now()) }
  const roots = result.data.logical_disks.filter((disk) => disk.is_root_volume)
  if (roots.length > 1) throw new Fault('step_failed', 'the agent built more than one root volume')
  await task.save({ raid_config, properties: withRoot(task.node.properties, roots[0]) })
}

/** Deploys go to the root volume, and schedulers know its size and level. */
export function withRoot(given: Record<string, unknown>, root: z.infer<typeof logicalDisk> | undefined) {
  if (!root) return given
  const properties = { ...given }
  const size = Number(root.size_gb)
  if (Number.isInteger(size) && size > 0) properties['local_gb'] = size
  if (root.root_device_hint) properties['root_device'] = root.root_device_hint
  if (root.raid_level !== null && root.raid_level !== undefined) {
    setCapabilities({ properties }, { raid_level: String(root.raid_level) })
  }
  return properties
}
