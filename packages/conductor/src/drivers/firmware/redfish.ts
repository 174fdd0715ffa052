import { z } from 'zod'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { linkIn, linksIn } from '../../bmc/redfish/links.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { Interface, StepKind } from '../../core/interfaces.ts'
import type { Step, StepOutcome } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { restarted } from '../../steps/reserved.ts'
import type { StepSettings } from '../../steps/settings.ts'
import { argsOf } from '../step-args.ts'

const updates = z.array(z.looseObject({ component: z.enum(['bios', 'bmc']), url: z.string().min(1).max(4096) })).min(1)
const longestUpdateMs = 30 * 60_000
const pauseMs = 10_000

type Components = Parameters<Task['details']['setFirmware']>[1]
type Parts = { bmcs: Bmcs; settings: StepSettings }

/** Versions of BIOS and BMC as the BMC tells them, and their update by the BMC itself. */
export function redfishFirmware(bmcs: Bmcs, settings: StepSettings): Interface {
  const own = (kind: StepKind): Step[] => [update({ bmcs, settings }, kind)]
  return {
    name: 'redfish',
    driverInfo: {},
    async validate() {},
    refresh: (task) => refresh(bmcs, task),
    steps: { clean: own('clean'), deploy: own('deploy'), service: own('service') },
  }
}

async function versions(bmcs: Bmcs, task: Task): Promise<Map<string, string>> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  return versionsOf(bmc, info.systemId, task.signal)
}

/** Components as they were kept last; their dates are the store's own. */
async function knownOf(task: Task): Promise<Components> {
  const rows = await task.details.firmware(task.node.uuid)
  return rows.map(({ created_at: _created, updated_at: _updated, ...component }) => component)
}

async function refresh(bmcs: Bmcs, task: Task): Promise<void> {
  const known = await knownOf(task)
  const rows = [...(await versions(bmcs, task))].map(([component, current_version]) => {
    const before = known.find((one) => one.component === component)
    return { ...before, component, current_version, initial_version: before?.initial_version ?? current_version }
  })
  await task.details.setFirmware(task.node.uuid, rows)
}

const update = ({ bmcs, settings }: Parts, kind: StepKind): Step => ({
  interface: 'firmware',
  step: 'update',
  priority: 0,
  async run(task) {
    const wanted = updates.safeParse(argsOf(task)['settings'])
    if (!wanted.success) {
      throw new Fault('wrong_arguments', 'update needs settings: a list of component (bios or bmc) and url')
    }
    for (const { component, url } of wanted.data) await updateOne(bmcs, task, component, url)
    await refresh(bmcs, task)
    const needsBoot = wanted.data.some(({ component }) => component === 'bios')
    return needsBoot ? restarted(task, kind, settings) : { done: true }
  },
  async resume(task): Promise<StepOutcome> {
    await refresh(bmcs, task)
    return { done: true }
  },
})

async function updateOne(bmcs: Bmcs, task: Task, component: string, url: string): Promise<void> {
  const { bmc } = await bmcs.of(task.node.driver_info)
  const before = (await versions(bmcs, task)).get(component)
  const target = await updateTarget(bmc, task.signal)
  const ended = await task.effect(`update the ${component} firmware`, () =>
    bmc.post(target, { ImageURI: url }, task.signal),
  )
  if (ended === 'gone') await awaitChange(bmcs, task, component, before)
  await noteFlashed(task, component, url)
}

/** A BMC that starts gives no answer, a refusal, or the page of a web server that is up before the rest. */
const tellsNothing = ['bmc_unreachable', 'bmc_refused', 'bmc_lied'] as const

/** A BMC that restarts itself forgets its task: the version tells then. */
async function awaitChange(bmcs: Bmcs, task: Task, component: string, before: string | undefined): Promise<void> {
  const deadline = task.clock.monotonicMs() + longestUpdateMs
  while (task.clock.monotonicMs() < deadline) {
    await task.clock.sleep(pauseMs, task.signal)
    const now = await versions(bmcs, task).catch((error: unknown) => {
      if (tellsNothing.some((code) => isFault(error, code))) return undefined
      throw error
    })
    // While it starts it may show no version at all.
    const version = now?.get(component)
    if (version !== undefined && version !== before) return
  }
  throw new Fault(
    'step_failed',
    `the BMC took the update of ${component}, but still shows version ${before ?? 'unknown'} after ${longestUpdateMs / 60_000} minutes`,
  )
}

async function versionsOf(bmc: Redfish, systemId: string | undefined, signal: AbortSignal) {
  const found = new Map<string, string>()
  const { body } = (await systemOf(bmc, systemId, signal)).resource
  if (typeof body['BiosVersion'] === 'string') found.set('bios', body['BiosVersion'])
  const [manager] = linksIn((body['Links'] as Record<string, unknown> | undefined)?.['ManagedBy'])
  const version = manager === undefined ? undefined : (await bmc.get(manager, signal)).body['FirmwareVersion']
  if (typeof version === 'string') found.set('bmc', version)
  return found
}

const service = z.looseObject({
  Actions: z.looseObject({ '#UpdateService.SimpleUpdate': z.looseObject({ target: z.string() }) }),
})

async function updateTarget(bmc: Redfish, signal: AbortSignal): Promise<string> {
  const root = await bmc.get('/redfish/v1/', signal)
  const path = linkIn(root.body, 'UpdateService')
  const parsed = service.safeParse(path === undefined ? undefined : (await bmc.get(path, signal)).body)
  if (parsed.success) return parsed.data.Actions['#UpdateService.SimpleUpdate'].target
  throw new Fault('unsupported', `the BMC ${bmc.origin} offers no update of its firmware by URL`)
}

async function noteFlashed(task: Task, component: string, url: string): Promise<void> {
  const known = await knownOf(task)
  const last_version_flashed = url.slice(url.lastIndexOf('/') + 1).slice(0, 255)
  await task.details.setFirmware(
    task.node.uuid,
    known.map((one) => (one.component === component ? { ...one, last_version_flashed } : one)),
  )
}
