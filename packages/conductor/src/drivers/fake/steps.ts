import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { InterfaceType } from '@ferrite/shared/contracts/nodes'
import type { StepInterface } from '@ferrite/shared/contracts/steps'
import { timestamp } from '../../core/clock.ts'
import type { Interface } from '../../core/interfaces.ts'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { argsOf } from '../step-args.ts'
import { behave } from './behaviour.ts'

const step = (type: StepInterface & InterfaceType, name: string, run: (task: Task) => Promise<void>): Step => ({
  interface: type,
  step: name,
  priority: 0,
  async run(task) {
    await behave(task, type)
    await run(task)
    return { done: true }
  },
})

const settings = z.array(z.object({ name: z.string().min(1).max(255), value: z.unknown() }))

/** Steps of the `fake` BIOS, RAID, firmware, vendor and management interfaces, done without a machine. */
const fakeSteps: readonly Step[] = [
  step('bios', 'apply_configuration', async (task) => {
    const wanted = settings.safeParse(argsOf(task)['settings'])
    if (!wanted.success)
      throw new Fault('wrong_arguments', 'apply_configuration needs settings: a list of name and value')
    const rows = wanted.data.map(({ name, value }) => ({ name, value: textOf(value) }))
    await task.details.setBios(task.node.uuid, rows, { whole: true })
  }),
  step('bios', 'factory_reset', (task) => task.details.setBios(task.node.uuid, [], { whole: true })),
  step('bios', 'cache_bios_settings', async () => {}),
  step('raid', 'create_configuration', (task) =>
    task.save({
      raid_config: { ...task.node.target_raid_config, last_updated: timestamp(task.clock.now()) },
    }),
  ),
  step('raid', 'delete_configuration', (task) => task.save({ raid_config: {} })),
  step('firmware', 'update', async (task) => {
    const wanted = z
      .array(z.object({ component: z.string().max(255), url: z.string() }))
      .safeParse(argsOf(task)['settings'])
    if (!wanted.success) throw new Fault('wrong_arguments', 'update needs settings: a list of component and url')
    const known = await task.details.firmware(task.node.uuid)
    const rows = wanted.data.map(({ component, url }) => ({
      component,
      initial_version: known.find((one) => one.component === component)?.initial_version ?? '1.0.0',
      current_version: url.slice(url.lastIndexOf('/') + 1).slice(0, 255),
      last_version_flashed: url.slice(url.lastIndexOf('/') + 1).slice(0, 255),
    }))
    await task.details.setFirmware(task.node.uuid, rows)
  }),
  step('vendor', 'log_passthrough', async () => {}),
]

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)

/** Those of one interface, for every flow that can have them. */
export function fakeStepsOf(type: StepInterface): NonNullable<Interface['steps']> {
  const own = fakeSteps.filter((one) => one.interface === type)
  return { clean: own, deploy: own, service: own }
}
