import { mac } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import type { InspectionSettings } from '../../../core/findings.ts'
import { isBag, within, type Bag } from '../inspection.ts'
import type { Hook } from './hook.ts'

/** Which interfaces are real, and which of them are to become ports: `all_interfaces`, `valid_interfaces`, `macs`. */
export const validateInterfaces: Hook = {
  preprocess({ inventory, plugin, settings, task }) {
    const all = interfacesIn(inventory)
    const booted = bootMac(inventory)
    if (!booted && settings.addPorts === 'pxe') {
      task.log.warn('the inventory does not say which interface booted: every one becomes a port')
    }
    const valid = Object.entries(all).filter(([name, one]) => isWanted(name, one, settings, booted !== undefined))
    if (valid.length === 0) {
      throw new Fault(
        'step_failed',
        `Invalid inventory: no network interfaces match the configuration (add_ports set to "${settings.addPorts}")`,
      )
    }
    plugin['all_interfaces'] = all
    plugin['valid_interfaces'] = Object.fromEntries(valid)
    plugin['macs'] = valid.map(([, one]) => one['mac_address'])
  },
}

function interfacesIn(inventory: Bag): Record<string, Bag> {
  const { interfaces } = inventory
  const booted = bootMac(inventory)
  const found = (Array.isArray(interfaces) ? interfaces : []).filter(isBag).flatMap((one) => {
    const address = mac.safeParse(one['mac_address'])
    const { name, ipv6_address: v6 } = one
    if (!address.success || typeof name !== 'string' || name === '') return []
    const scopeless = typeof v6 === 'string' ? v6.split('%')[0] : v6
    const pxe_enabled = address.data === booted
    return [[name, { ...one, mac_address: address.data, ipv6_address: scopeless, pxe_enabled }] as const]
  })
  if (found.length === 0) throw new Fault('step_failed', 'Invalid inventory: no valid network interfaces')
  return Object.fromEntries(found)
}

/** Boot loaders write it as `01-52-54-00-…`: the type of hardware, then the address. */
function bootMac(inventory: Bag): string | undefined {
  const given = within(inventory, 'boot', 'pxe_interface')
  if (typeof given !== 'string' || given === '') return undefined
  const plain = given.includes('-') ? given.split('-').slice(-6).join(':') : given
  return mac.safeParse(plain).data
}

function isWanted(name: string, one: Bag, { addPorts }: InspectionSettings, isBootKnown: boolean): boolean {
  const address = one['ipv4_address'] || one['ipv6_address']
  if (name === 'lo' || (typeof address === 'string' && /^(127\.|::1$)/.test(address))) return false
  if (addPorts === 'pxe' && isBootKnown) return one['pxe_enabled'] === true
  return addPorts !== 'active' || Boolean(address)
}
