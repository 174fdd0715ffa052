import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { GiB } from '@ferrite/shared/units'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import { logicalDisk, raidTypeOf, storagesOf, type Storage } from '../../bmc/redfish/volumes.ts'
import { timestamp } from '../../core/clock.ts'
import type { Interface, StepKind } from '../../core/interfaces.ts'
import type { Step, StepOutcome } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { withRoot } from '../../steps/raid-outcome.ts'
import { bootWasBegun } from '../../steps/ramdisk.ts'
import { restarted } from '../../steps/reserved.ts'
import type { StepSettings } from '../../steps/settings.ts'
import { argsOf } from '../step-args.ts'
import { chooseDrives, target, type Target } from './choose-drives.ts'

type Machine = { bmc: Redfish; storages: Storage[] }
type Parts = { bmcs: Bmcs; settings: StepSettings }

/** Volumes of RAID controllers over Redfish. A controller may need a boot to do what it was told. */
export function redfishRaid(bmcs: Bmcs, settings: StepSettings): Interface {
  const both = (kind: StepKind): Step[] => [create({ bmcs, settings }, kind), remove({ bmcs, settings }, kind)]
  return {
    name: 'redfish',
    driverInfo: {},
    async validate() {},
    steps: { clean: both('clean'), deploy: both('deploy'), service: both('service') },
  }
}

const create = (parts: Parts, kind: StepKind): Step => ({
  ...named('create_configuration'),
  async run(task) {
    const wanted = wantedOf(task)
    const there = await countOf(parts, task)
    if (there > 0 && (task.node.internal.flow?.attempt ?? 1) === 1) {
      throw new Fault('step_failed', `${there} volumes are there already: order raid.delete_configuration before`)
    }
    // After a crash: those that are there already were built by this step.
    for (const one of wanted.slice(there)) await build(task, await machineOf(parts, task), one)
    return bootUnlessDone(parts, task, kind, wanted)
  },
  resume: (task) => finish(parts, task, wantedOf(task)),
})

const remove = (parts: Parts, kind: StepKind): Step => ({
  ...named('delete_configuration'),
  async run(task) {
    const { bmc, storages } = await machineOf(parts, task)
    for (const { path } of storages.flatMap(({ volumes }) => volumes)) {
      await task.effect('delete a volume', () => bmc.remove(path, task.signal))
    }
    return bootUnlessDone(parts, task, kind, [])
  },
  resume: (task) => finish(parts, task, []),
})

async function machineOf({ bmcs }: Parts, task: Task): Promise<Machine> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const system = await systemOf(bmc, info.systemId, task.signal)
  const storages = await storagesOf(bmc, system.resource.body, task.signal)
  if (storages.length === 0) throw new Fault('unsupported', `the BMC ${bmc.origin} shows no RAID controller`)
  return { bmc, storages }
}

const countOf = async (parts: Parts, task: Task): Promise<number> =>
  (await machineOf(parts, task)).storages.flatMap(({ volumes }) => volumes).length

async function bootUnlessDone(
  parts: Parts,
  task: Task,
  kind: StepKind,
  wanted: readonly Target[],
): Promise<StepOutcome> {
  const isDone = (await countOf(parts, task)) === wanted.length
  if (isDone && !bootWasBegun(task)) return finish(parts, task, wanted)
  const outcome = await restarted(task, kind, parts.settings)
  return 'done' in outcome ? finish(parts, task, wanted) : outcome
}

/** Keeps with the node what the BMC shows now. Fault step_failed unless that is as many volumes as were ordered. */
async function finish(parts: Parts, task: Task, wanted: readonly Target[]): Promise<StepOutcome> {
  const { storages } = await machineOf(parts, task)
  const built = storages.flatMap((storage) => storage.volumes.map((volume) => logicalDisk(volume, storage)))
  if (built.length !== wanted.length) {
    throw new Fault('step_failed', `the BMC shows ${built.length} volumes after its boot, not ${wanted.length}`)
  }
  const rootWanted = wanted.find((one) => one.is_root_volume)
  const root = rootWanted && built.find((disk) => isBuiltAs(disk, rootWanted))
  const logical_disks = built.map((disk) => ({ ...disk, is_root_volume: disk === root }))
  const raid_config = built.length === 0 ? {} : { logical_disks, last_updated: timestamp(task.clock.now()) }
  await task.save({ raid_config, properties: withRoot(task.node.properties, root) })
  return { done: true }
}

const named = (step: string): Pick<Step, 'interface' | 'step' | 'priority'> => ({
  interface: 'raid',
  step,
  priority: 0,
})

const isBuiltAs = (disk: ReturnType<typeof logicalDisk>, wanted: Target): boolean =>
  disk.raid_level === wanted.raid_level &&
  (wanted.volume_name === undefined || disk.volume_name === wanted.volume_name) &&
  (wanted.size_gb === 'MAX' || Math.abs(disk.size_gb - wanted.size_gb) <= 1)

async function build(task: Task, { bmc, storages }: Machine, wanted: Target): Promise<void> {
  const RAIDType = raidTypeOf(wanted.raid_level)
  if (!RAIDType) throw new Fault('wrong_arguments', `no volume is built for RAID level ${wanted.raid_level}`)
  const { storage, drives } = chooseDrives(storages, wanted)
  const body = {
    RAIDType,
    Links: { Drives: drives.map(({ path }) => ({ '@odata.id': path })) },
    ...(wanted.size_gb === 'MAX' ? {} : { CapacityBytes: wanted.size_gb * GiB }),
    ...(wanted.volume_name === undefined ? {} : { Name: wanted.volume_name }),
  }
  await task.effect('build a volume', () => bmc.post(storage.volumesAt, body, task.signal))
}

const flags = z.looseObject({
  create_root_volume: z.boolean().default(true),
  create_nonroot_volumes: z.boolean().default(true),
})

function wantedOf(task: Task): Target[] {
  const read = target.safeParse(task.node.target_raid_config)
  if (!read.success) throw new Fault('wrong_arguments', `node ${task.node.uuid} has no target RAID configuration`)
  const { create_root_volume, create_nonroot_volumes } = flags.parse(argsOf(task))
  const wanted = read.data.logical_disks.filter((disk) =>
    disk.is_root_volume ? create_root_volume : create_nonroot_volumes,
  )
  if (wanted.length > 0) return wanted
  throw new Fault('wrong_arguments', 'no volume is left to be built without root, or without other, volumes')
}
