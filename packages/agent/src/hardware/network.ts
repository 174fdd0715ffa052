import { networkInterfaces } from 'node:os'
import type { InventoryInterface } from '@ferrite/shared/contracts/inventory'
import { attribute, entries, linkName } from './sysfs.ts'

const net = '/sys/class/net'

/** The physical network interfaces: those that belong to a device. */
export async function networkInterfaceFacts(): Promise<InventoryInterface[]> {
  const names = (await entries(net)).sort()
  const physical = await Promise.all(names.map(async (name) => (await linkName(`${net}/${name}/device`)) !== null))
  return Promise.all(names.filter((_, i) => physical[i]).map(facts))
}

async function facts(name: string): Promise<InventoryInterface> {
  const [mac, carrier, speed, vendor, product, driver, address] = await Promise.all([
    attribute(`${net}/${name}/address`),
    attribute(`${net}/${name}/carrier`),
    attribute(`${net}/${name}/speed`),
    attribute(`${net}/${name}/device/vendor`),
    attribute(`${net}/${name}/device/device`),
    linkName(`${net}/${name}/device/driver`),
    linkName(`${net}/${name}/device`),
  ])
  const addresses = networkInterfaces()[name] ?? []
  const speedMbps = Number(speed)
  return {
    name,
    mac_address: mac,
    ipv4_address: addresses.find(({ family }) => family === 'IPv4')?.address ?? null,
    ipv6_address: addresses.find(({ family }) => family === 'IPv6')?.address ?? null,
    has_carrier: carrier === '1',
    lldp: null,
    vendor,
    product,
    client_id: null,
    biosdevname: null,
    // Links without a speed say -1.
    speed_mbps: speed !== null && speedMbps > 0 ? speedMbps : null,
    pci_address: address,
    driver,
  }
}
