import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import type { CheckResult, NetworkInterface, NetworkName } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { runOk } from '../../processes/run.ts'
import { moveBySwitch, whereBySwitch, type FlatSettings } from './flat.ts'

export type BridgeSettings = FlatSettings & {
  /** Network namespace of the bridges; undefined is our own. */
  namespace: string | undefined
  /** Bridge of a network; `br-NETWORK` for those without. */
  bridges: Readonly<Record<string, string>>
}

const name = z.string().min(1).max(255)
const deviceForm = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,14}$/

/**
 * Moves a machine's ports from bridge to bridge: taps of virtual machines, or the cables of an edge site that end in
 * this computer. Ports name their device in local_link_connection/port_id. With a switch service, that one is asked.
 */
export const bridge = (settings: BridgeSettings): NetworkInterface => ({
  name: 'bridge',
  driverInfo: {
    provisioning_network: { schema: name, description: 'Network for deploy ramdisks.' },
    cleaning_network: { schema: name, description: 'Network for cleaning ramdisks.' },
    tenant_network: { schema: name, description: 'Network of the deployed machine.' },
  },
  async validate(task) {
    if (task.ports.length === 0)
      throw new Fault('missing_parameter', `node ${task.node.uuid} has no ports that a network could be given`)
    if (!settings.switchUrl) task.ports.forEach(deviceOf)
  },
  async attach(task, network) {
    const wanted = nameOf(settings, task, network)
    if (settings.switchUrl) await moveBySwitch(task, settings.switchUrl, wanted)
    else await moveAll(task, settings, bridgeOf(settings, wanted))
    await task.save({ internal: { network } })
  },
  async detach(task) {
    if (settings.switchUrl) await moveBySwitch(task, settings.switchUrl, null)
    else await moveAll(task, settings, null)
    await task.save({ internal: { network: null } })
  },
  nameOf: (task, network) => {
    const wanted = nameOf(settings, task, network)
    return settings.switchUrl ? wanted : bridgeOf(settings, wanted)
  },
  async whereabouts(task) {
    if (settings.switchUrl) return whereBySwitch(task, settings.switchUrl)
    return Promise.all(
      task.ports.map(async (port) => ({
        mac: port.address,
        network: await masterOf(settings, deviceOf(port), task.signal),
      })),
    )
  },
  check: (task) => checkBridges(settings, task),
})

function nameOf(settings: BridgeSettings, { node }: Task, network: NetworkName): string {
  const wanted = node.driver_info[`${network}_network`]
  return typeof wanted === 'string' ? wanted : settings.networks[network]
}

function bridgeOf({ bridges }: BridgeSettings, network: string): string {
  const device = bridges[network] ?? `br-${network}`
  if (deviceForm.test(device)) return device
  throw new Fault('invalid', `the network ${network} has no bridge: name one in the setting bridges, as ${network}=br0`)
}

function deviceOf({ address, local_link_connection }: PortRecord): string {
  const device = (local_link_connection as Record<string, unknown>)['port_id']
  if (typeof device === 'string' && deviceForm.test(device)) return device
  throw new Fault('missing_parameter', `port ${address} does not name its device in local_link_connection/port_id`)
}

async function moveAll(task: Task, settings: BridgeSettings, to: string | null): Promise<void> {
  for (const port of task.ports) {
    const device = deviceOf(port)
    const change = to === null ? ['nomaster'] : ['master', to]
    await task.effect(`move ${device} to ${to ?? 'no bridge'}`, (signal) =>
      ip(settings, ['link', 'set', 'dev', device, ...change, ...(to === null ? [] : ['up'])], signal),
    )
    const now = await masterOf(settings, device, task.signal)
    if (now !== to) {
      throw new Fault('step_failed', `${device} was moved to ${to ?? 'no bridge'}, but is on ${now ?? 'none'}`)
    }
  }
}

const linkFacts = z.array(z.looseObject({ master: z.string().optional() })).min(1)

async function masterOf(settings: BridgeSettings, device: string, signal: AbortSignal): Promise<string | null> {
  const { stdout } = await ip(settings, ['-j', 'link', 'show', 'dev', device], signal)
  const parsed = linkFacts.safeParse(JSON.parse(stdout))
  if (!parsed.success) throw new Fault('step_failed', `ip does not say where ${device} is`)
  return parsed.data[0]?.master ?? null
}

const ip = ({ namespace }: BridgeSettings, words: readonly string[], signal: AbortSignal) =>
  runOk('ip', [...(namespace === undefined ? [] : ['-n', namespace]), ...words], { signal, timeoutMs: 10_000 })

async function checkBridges(settings: BridgeSettings, task: Task): Promise<CheckResult[]> {
  if (settings.switchUrl) return []
  const wanted = (['provisioning', 'tenant'] as const).map((network) =>
    bridgeOf(settings, nameOf(settings, task, network)),
  )
  for (const device of [...wanted, ...task.ports.map(deviceOf)])
    await ip(settings, ['link', 'show', 'dev', device], task.signal)
  return [{ name: 'network', result: 'ok', detail: `${task.ports.length} port(s), between ${wanted.join(' and ')}` }]
}
