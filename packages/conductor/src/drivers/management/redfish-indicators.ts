import { Fault, isFault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish, Resource } from '../../bmc/redfish/client.ts'
import { linksIn } from '../../bmc/redfish/links.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { Indicators, ManagementInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'

type Lamps = Pick<Required<ManagementInterface>, 'indicators' | 'getIndicator' | 'setIndicator' | 'identify'>
type Lamp = { component: 'system' | 'chassis'; name: string; resource: Resource }

const states = { on: 'Lit', off: 'Off', blinking: 'Blinking' } as const
type State = keyof typeof states

/** The lamps by which people find a machine: its own and its chassis', by the old property or by the new one. */
export const redfishIndicators = (bmcs: Bmcs): Lamps => ({
  async indicators(task) {
    const found: Record<string, Indicators[string]> = {}
    for (const { component, name, resource } of await lampsOf(bmcs, task)) {
      const known = isOnOff(resource) ? ['off', 'on'] : ['blinking', 'off', 'on']
      found[component] = { ...found[component], [name]: { readonly: false, states: known } }
    }
    return found
  },
  async getIndicator(task, component, name) {
    return stateOf((await lampAt(bmcs, task, component, name)).resource)
  },
  async setIndicator(task, component, name, state) {
    const { bmc } = await bmcs.of(task.node.driver_info)
    await set(bmc, task, await lampAt(bmcs, task, component, name), state as State)
  },
  async identify(task, seconds) {
    const { bmc } = await bmcs.of(task.node.driver_info)
    const [lamp] = await lampsOf(bmcs, task)
    if (!lamp) throw new Fault('unsupported', `the BMC of node ${task.node.uuid} has no lamp that can be lit`)
    // Redfish knows no time: the lamp burns until it is put out, which 0 seconds do.
    await set(bmc, task, lamp, seconds === 0 ? 'off' : isOnOff(lamp.resource) ? 'on' : 'blinking')
  },
})

const isOnOff = ({ body }: Resource): boolean => typeof body['LocationIndicatorActive'] === 'boolean'

async function lampsOf(bmcs: Bmcs, task: Task): Promise<Lamp[]> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const system = await systemOf(bmc, info.systemId, task.signal)
  const links = system.resource.body['Links'] as { Chassis?: unknown } | undefined
  const found: Lamp[] = [lampOf('system', system.resource)]
  for (const path of linksIn(links?.Chassis).slice(0, 8)) {
    try {
      found.push(lampOf('chassis', await bmc.get(path, task.signal)))
    } catch (error) {
      // A chassis that cannot be read has no lamp for us.
      if (!isFault(error, 'bmc_refused')) throw error
    }
  }
  return found.filter(({ resource }) => isOnOff(resource) || typeof resource.body['IndicatorLED'] === 'string')
}

function lampOf(component: Lamp['component'], resource: Resource): Lamp {
  const { UUID: uuid, Id: id } = resource.body
  const name = [uuid, id].find((one) => typeof one === 'string' && one !== '')
  return { component, name: typeof name === 'string' ? name : component, resource }
}

async function lampAt(bmcs: Bmcs, task: Task, component: string, name: string): Promise<Lamp> {
  const lamp = (await lampsOf(bmcs, task)).find((one) => one.component === component && one.name === name)
  if (lamp) return lamp
  throw new Fault('invalid', `the BMC of node ${task.node.uuid} has no indicator ${name}@${component}`)
}

function stateOf({ body }: Resource): string {
  const { LocationIndicatorActive: active, IndicatorLED: led } = body
  if (typeof active === 'boolean') return active ? 'on' : 'off'
  return (Object.keys(states) as State[]).find((state) => states[state] === led) ?? 'unknown'
}

async function set(bmc: Redfish, task: Task, { resource }: Lamp, state: State): Promise<void> {
  const body = isOnOff(resource) ? { LocationIndicatorActive: state !== 'off' } : { IndicatorLED: states[state] }
  await bmc.patch(resource, body, task.signal)
}
