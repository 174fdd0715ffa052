import { z } from 'zod'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish, Resource } from '../../bmc/redfish/client.ts'
import { linkIn } from '../../bmc/redfish/links.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { Interface, StepKind } from '../../core/interfaces.ts'
import type { Step, StepOutcome } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { bootWasBegun } from '../../steps/ramdisk.ts'
import { restarted } from '../../steps/reserved.ts'
import type { StepSettings } from '../../steps/settings.ts'
import { argsOf } from '../step-args.ts'

type Value = string | number | boolean | null
const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
const orders = z.array(z.looseObject({ name: z.string().min(1).max(255), value: z.unknown() })).min(1)
const longestBootMs = 20 * 60_000
const pauseMs = 10_000

type Bios = { bmc: Redfish; resource: Resource; now: Record<string, Value> }
type Parts = { bmcs: Bmcs; settings: StepSettings }

/** BIOS settings over Redfish: shown, changed, and set back; changes count after a boot. */
export function redfishBios(bmcs: Bmcs, settings: StepSettings): Interface {
  const both = (kind: StepKind): Step[] => [apply({ bmcs, settings }, kind), reset({ bmcs, settings }, kind)]
  return {
    name: 'redfish',
    driverInfo: {},
    async validate() {},
    refresh: (task) => refresh(bmcs, task),
    steps: { clean: both('clean'), deploy: both('deploy'), service: both('service') },
  }
}

async function biosOf(bmcs: Bmcs, task: Task): Promise<Bios> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const path = linkIn((await systemOf(bmc, info.systemId, task.signal)).resource.body, 'Bios')
  if (path === undefined) throw new Fault('unsupported', `the BMC ${bmc.origin} shows no BIOS settings`)
  const resource = await bmc.get(path, task.signal)
  const read = attributes.safeParse(resource.body['Attributes'] ?? {})
  if (!read.success) throw new Fault('bmc_lied', `the BIOS settings of the BMC ${bmc.origin} are no list of values`)
  return { bmc, resource, now: read.data }
}

async function refresh(bmcs: Bmcs, task: Task): Promise<void> {
  const { now } = await biosOf(bmcs, task)
  const rows = Object.entries(now).map(([name, value]) => ({ name, value: value === null ? null : String(value) }))
  await task.details.setBios(task.node.uuid, rows, { whole: true })
}

const apply = ({ bmcs, settings }: Parts, kind: StepKind): Step => ({
  ...named('apply_configuration'),
  async run(task) {
    const { bmc, resource, now } = await biosOf(bmcs, task)
    const change = wantedOf(task, now)
    if (Object.keys(change).length === 0) {
      return bootWasBegun(task) ? restarted(task, kind, settings) : finish(bmcs, task)
    }
    const at = linkIn(resource.body['@Redfish.Settings'], 'SettingsObject')
    const pending = at === undefined ? resource : await bmc.get(at, task.signal)
    await task.effect('change BIOS settings', () => bmc.patch(pending, { Attributes: change }, task.signal))
    const outcome = await restarted(task, kind, settings)
    return 'done' in outcome ? awaitSettings(bmcs, task) : outcome
  },
  resume: (task) => finish(bmcs, task),
})

const reset = ({ bmcs, settings }: Parts, kind: StepKind): Step => ({
  ...named('factory_reset'),
  async run(task) {
    const { bmc, resource } = await biosOf(bmcs, task)
    const parsed = resetAction.safeParse(resource.body)
    if (!parsed.success) throw new Fault('unsupported', `the BMC ${bmc.origin} cannot set its BIOS back`)
    const { target } = parsed.data.Actions['#Bios.ResetBios']
    await task.effect('set the BIOS back', () => bmc.post(target, {}, task.signal))
    return restarted(task, kind, settings)
  },
  async resume(task): Promise<StepOutcome> {
    await refresh(bmcs, task)
    return { done: true }
  },
})

const differing = async (bmcs: Bmcs, task: Task): Promise<string[]> =>
  Object.keys(wantedOf(task, (await biosOf(bmcs, task)).now))

/** Where no ramdisk tells that the boot is over, the settings do. */
async function awaitSettings(bmcs: Bmcs, task: Task): Promise<StepOutcome> {
  const deadline = task.clock.monotonicMs() + longestBootMs
  while (task.clock.monotonicMs() < deadline && !(await hasSettings(bmcs, task))) {
    await task.clock.sleep(pauseMs, task.signal)
  }
  return finish(bmcs, task)
}

/** While the machine boots a BMC may refuse to tell, or show settings of nothing: that they are there was seen before. */
const tellsNothing = ['bmc_unreachable', 'bmc_refused', 'bmc_lied', 'wrong_arguments'] as const

async function hasSettings(bmcs: Bmcs, task: Task): Promise<boolean> {
  try {
    return (await differing(bmcs, task)).length === 0
  } catch (error) {
    if (tellsNothing.some((code) => isFault(error, code))) return false
    throw error
  }
}

async function finish(bmcs: Bmcs, task: Task): Promise<StepOutcome> {
  const left = await differing(bmcs, task)
  if (left.length > 0) {
    throw new Fault('step_failed', `the machine was booted, but its BIOS does not show the new ${left.join(', ')}`)
  }
  await refresh(bmcs, task)
  return { done: true }
}

const named = (step: string): Pick<Step, 'interface' | 'step' | 'priority'> => ({
  interface: 'bios',
  step,
  priority: 0,
})
const resetAction = z.looseObject({
  Actions: z.looseObject({ '#Bios.ResetBios': z.looseObject({ target: z.string() }) }),
})

/** What the step orders and the BIOS does not show yet, in the type that the BIOS has it. */
function wantedOf(task: Task, now: Record<string, Value>): Record<string, Value> {
  const read = orders.safeParse(argsOf(task)['settings'])
  if (!read.success) throw new Fault('wrong_arguments', 'apply_configuration needs settings: a list of name and value')
  const pairs = read.data.flatMap(({ name, value }) => {
    if (!Object.hasOwn(now, name)) throw new Fault('wrong_arguments', `the BIOS has no setting ${name}`)
    const wanted = typed(value, now[name])
    return wanted === now[name] ? [] : [[name, wanted] as const]
  })
  return Object.fromEntries(pairs)
}

function typed(value: unknown, like: Value | undefined): Value {
  if (typeof like === 'number' && Number.isFinite(Number(value))) return Number(value)
  if (typeof like === 'boolean') return String(value).toLowerCase() === 'true'
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
