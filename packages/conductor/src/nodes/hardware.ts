import { Fault } from '@ferrite/shared/fault'
import type { ManagementInterface } from '../core/interfaces.ts'
import type { Hardware } from '../core/services.ts'
import type { Task } from '../core/task.ts'
import { noted } from './noted.ts'
import { checkRaidConfig } from './raid-config.ts'
import { lookAt } from './read-task.ts'
import { callVendor, methodsOf, vendorOf } from './vendor.ts'
import { withNode, type WithNodeParts } from './with-node.ts'

/** Hardware beyond power and boot devices: looked at without the node's lock, changed under it. */
export function createHardware(parts: WithNodeParts): Hardware {
  const change = async <T>(ident: string, purpose: string, work: (task: Task) => Promise<T>): Promise<T> => {
    const node = await parts.store.node(ident)
    if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
    return withNode(parts, node.uuid, purpose, work)
  }
  /** One method of the management interface, if the driver has it. */
  const managed = <M extends OptionalMethod>(ident: string, method: M, name: string, work: Work<M>) =>
    change(ident, name.replaceAll('_', ' '), async (task) => {
      const able = abilityOf(task, method, name)
      await task.interfaces.management.validate(task)
      await task.effect(name.replaceAll('_', ' '), () => work(task, able))
    })
  /** As `managed`, but what goes wrong is told by the node's last_error: Ironic has answered by then. */
  const ordered = <M extends OptionalMethod>(ident: string, method: M, name: string, work: Work<M>) =>
    change(ident, name.replaceAll('_', ' '), async (task) => {
      await task.interfaces.management.validate(task)
      await noted(task, { failed: `Failed to ${name.replaceAll('_', ' ')}`, event_type: 'provisioning' }, async () => {
        const able = abilityOf(task, method, name)
        await task.effect(name.replaceAll('_', ' '), () => work(task, able))
      })
    })
  return {
    injectNmi: (ident) => managed(ident, 'injectNmi', 'inject_nmi', (task, inject) => inject(task)),
    setBootMode: (ident, mode) =>
      ordered(ident, 'setBootMode', 'set_boot_mode', async (task, set) => {
        await set(task, mode)
        await task.save({ boot_mode: mode })
      }),
    setSecureBoot: (ident, on) =>
      ordered(ident, 'setSecureBoot', 'set_secure_boot_state', async (task, set) => {
        await set(task, on)
        await task.save({ secure_boot: on })
      }),
    indicators: (ident) =>
      lookAt(parts, ident, (task) => abilityOf(task, 'indicators', 'get_supported_indicators')(task)),
    indicator: (ident, component, name) =>
      lookAt(parts, ident, async (task) => {
        await checkIndicator(task, component, name)
        return abilityOf(task, 'getIndicator', 'get_indicator_state')(task, component, name)
      }),
    setIndicator: (ident, component, name, state) =>
      managed(ident, 'setIndicator', 'set_indicator_state', async (task, set) => {
        await checkIndicator(task, component, name, state)
        await set(task, component, name, state)
      }),
    virtualMedia: (ident) => lookAt(parts, ident, (task) => abilityOf(task, 'virtualMedia', 'get_virtual_media')(task)),
    attachVirtualMedia: (ident, medium) =>
      ordered(ident, 'attachVirtualMedia', 'attach_virtual_media', (task, attach) => attach(task, medium)),
    detachVirtualMedia: (ident, devices) =>
      ordered(ident, 'detachVirtualMedia', 'detach_virtual_media', (task, detach) => detach(task, devices)),
    ...consoleCalls(parts, change),
    setRaid: (ident, config) =>
      change(ident, 'setting the target RAID configuration', async (task) => {
        if (!task.interfaces.raid) throw unsupported(task, 'raid', 'not_found')
        if (Object.keys(config).length > 0) checkRaidConfig(config)
        await task.save({ target_raid_config: config })
      }),
    ...vendorCalls(parts, change),
  }
}

type Optional<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T]
type OptionalMethod = Optional<ManagementInterface>
type Ability<M extends OptionalMethod> = NonNullable<ManagementInterface[M]>
type Work<M extends OptionalMethod> = (task: Task, able: Ability<M>) => Promise<void>

function abilityOf<M extends OptionalMethod>(task: Task, method: M, name: string): Ability<M> {
  const able = task.interfaces.management[method]
  if (!able) throw unsupported(task, name)
  return able
}

export const unsupported = (task: Task, extension: string, code: 'unsupported' | 'not_found' = 'unsupported'): Fault =>
  new Fault(code, `Driver ${task.node.driver} does not support ${extension} (disabled or not implemented).`)

async function checkIndicator(task: Task, component: string, name: string, state?: string): Promise<void> {
  const known = await abilityOf(task, 'indicators', 'get_supported_indicators')(task)
  if (!Object.hasOwn(known, component))
    throw new Fault('invalid', `Invalid component ${component.slice(0, 64)} specified.`)
  const indicator = known[component]?.[name]
  if (!indicator) throw new Fault('invalid', `Invalid indicator ${name.slice(0, 64)} specified.`)
  if (state === undefined) return
  if (indicator.readonly) throw new Fault('invalid', `Indicator ${name}@${component} can only be read.`)
  if (!indicator.states.includes(state)) {
    throw new Fault(
      'invalid',
      `Invalid state ${state.slice(0, 64)} of ${name}@${component}: it knows ${indicator.states.join(', ')}.`,
    )
  }
}

type Change = <T>(ident: string, purpose: string, work: (task: Task) => Promise<T>) => Promise<T>

const consoleCalls = (parts: WithNodeParts, change: Change): Pick<Hardware, 'console' | 'setConsole'> => ({
  console: (ident) =>
    lookAt(parts, ident, async (task) => {
      const { console } = task.interfaces
      if (!console) throw unsupported(task, 'console')
      return task.node.console_enabled ? console.info(task) : undefined
    }),
  setConsole: async (ident, enabled) => {
    const already = await lookAt(parts, ident, async (task) => {
      if (!task.interfaces.console) throw unsupported(task, 'console')
      await task.interfaces.console.validate(task)
      return task.node.console_enabled === enabled
    })
    if (already) return
    await change(ident, 'setting console mode', async (task) => {
      const { console } = task.interfaces
      if (!console) throw unsupported(task, 'console')
      const failed = `Error ${enabled ? 'enabling' : 'disabling'} the console`
      await noted(task, { failed, event_type: 'console' }, async () => {
        await task.effect('switch the console', () => (enabled ? console.start(task) : console.stop(task)))
        await task.save({ console_enabled: enabled })
      })
    })
  },
})

const vendorCalls = (parts: WithNodeParts, change: Change): Pick<Hardware, 'vendorMethods' | 'callVendor'> => ({
  vendorMethods: (ident) => lookAt(parts, ident, async (task) => methodsOf(task)),
  callVendor: async (ident, call) => {
    const method = await lookAt(parts, ident, async (task) => vendorOf(task, call))
    const run = (task: Task) => callVendor(task, call)
    const body = method.require_exclusive_lock
      ? await change(ident, `calling vendor method ${call.method}`, run)
      : await lookAt(parts, ident, run)
    return { async: method.async, body: method.async ? undefined : body }
  },
})
