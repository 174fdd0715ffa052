import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { NetworkInterface, NetworkName } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { openOutbound } from '../../outbound/client.ts'

export type FlatSettings = { switchUrl: string | undefined; networks: Readonly<Record<NetworkName, string>> }

const name = z.string().min(1).max(255)
const answer = z.looseObject({ network: z.string().nullable() })

/** Moves a machine's ports between networks through a switch service, and reads back what it did. Without one it only records. */
export const flat = (settings: FlatSettings): NetworkInterface => ({
  name: 'flat',
  driverInfo: {
    provisioning_network: { schema: name, description: 'Network for deploy ramdisks.' },
    cleaning_network: { schema: name, description: 'Network for cleaning ramdisks.' },
    tenant_network: { schema: name, description: 'Network of the deployed machine.' },
  },
  async validate({ ports, node }) {
    if (settings.switchUrl && ports.length === 0) {
      throw new Fault('missing_parameter', `node ${node.uuid} has no ports that a network could be given`)
    }
  },
  async attach(task, network) {
    if (settings.switchUrl) await moveBySwitch(task, settings.switchUrl, nameOf(settings, task, network))
    await task.save({ internal: { network } })
  },
  async detach(task) {
    if (settings.switchUrl) await moveBySwitch(task, settings.switchUrl, null)
    await task.save({ internal: { network: null } })
  },
  nameOf: (task, network) => nameOf(settings, task, network),
  whereabouts: async (task) => (settings.switchUrl ? whereBySwitch(task, settings.switchUrl) : undefined),
})

function nameOf(settings: FlatSettings, { node }: Task, network: NetworkName): string {
  const wanted = node.driver_info[`${network}_network`]
  return typeof wanted === 'string' ? wanted : settings.networks[network]
}

/** Where the switch service says that each port is. */
export async function whereBySwitch(task: Task, switchUrl: string): Promise<{ mac: string; network: string | null }[]> {
  const base = new URL(switchUrl)
  await using client = openOutbound({ origin: base.origin, unreachable: 'step_failed' })
  const found: { mac: string; network: string | null }[] = []
  for (const { address } of task.ports) {
    const path = `${base.pathname.replace(/\/$/, '')}/ports/${address}`
    const seen = answer.safeParse((await client.request({ path, signal: task.signal })).json())
    if (!seen.success) throw new Fault('step_failed', `the switch does not say where ${address} is`)
    found.push({ mac: address, network: seen.data.network })
  }
  return found
}

/** Has the switch service move every port of the machine, and reads back what it did. */
export async function moveBySwitch(task: Task, switchUrl: string, network: string | null): Promise<void> {
  const base = new URL(switchUrl)
  await using client = openOutbound({ origin: base.origin, unreachable: 'step_failed' })
  for (const port of task.ports) {
    const path = `${base.pathname.replace(/\/$/, '')}/ports/${port.address}`
    const put = await client.request({ method: 'PUT', path, body: { network }, signal: task.signal })
    if (put.status >= 300) throw new Fault('step_failed', `the switch answered ${put.status} to moving ${port.address}`)
    const seen = answer.safeParse((await client.request({ path, signal: task.signal })).json())
    if (!seen.success || seen.data.network !== network) {
      throw new Fault(
        'step_failed',
        `the switch was told to put ${port.address} on ${network ?? 'no network'}, but says ${seen.data?.network ?? 'none'}`,
      )
    }
  }
}
