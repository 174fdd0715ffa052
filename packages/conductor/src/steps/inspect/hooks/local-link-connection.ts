import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { isBag } from '../inspection.ts'
import type { Hook } from './hook.ts'

// IEEE 802.1AB: the types of LLDP's mandatory values, and the subtypes that hold what a switch goes by.
const chassisId = 1
const portId = 2
const macSubtype = { [chassisId]: 4, [portId]: 3 } as const

/** Which port of which switch a port hangs on, from the LLDP frames that the ramdisk heard. */
export const localLinkConnection: Hook = {
  async run({ task, findings, inventory, plugin }) {
    const { interfaces } = inventory
    const raw = isBag(plugin['lldp_raw']) ? plugin['lldp_raw'] : {}
    const ports = await findings.ports(task.node.uuid)
    for (const one of (Array.isArray(interfaces) ? interfaces : []).filter(isBag)) {
      const port = ports.find(({ address }) => address === String(one['mac_address']).toLowerCase())
      const heard = raw[String(one['name'])] ?? one['lldp']
      if (!port || !Array.isArray(heard)) continue
      const set = linkFrom(heard, port.local_link_connection)
      if (set) await task.effect('record the switch of a port', () => findings.updatePort(port.uuid, set))
    }
  },
}

function linkFrom(
  heard: readonly unknown[],
  known: PortRecord['local_link_connection'],
): Partial<PortRecord> | undefined {
  const link: Record<string, unknown> = { ...known }
  for (const one of heard) {
    if (!Array.isArray(one) || typeof one[1] !== 'string') continue
    if (one[0] === chassisId) link['switch_id'] = textOf(chassisId, one[1]) ?? link['switch_id']
    if (one[0] === portId) link['port_id'] = textOf(portId, one[1]) ?? link['port_id']
  }
  const changed = JSON.stringify(link) !== JSON.stringify(known)
  return changed ? { local_link_connection: link } : undefined
}

function textOf(type: keyof typeof macSubtype, hex: string): string | undefined {
  const bytes = Buffer.from(hex, 'hex')
  const [subtype] = bytes
  const value = bytes.subarray(1)
  if (subtype === undefined || value.length === 0) return undefined
  if (subtype === macSubtype[type]) return value.toString('hex').replaceAll(/(..)(?=.)/g, '$1:')
  const text = value.toString('utf8')
  return type === portId && /^[\x20-\x7e]+$/.test(text) ? text : undefined
}
