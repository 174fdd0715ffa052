import { attribute, entries } from '../hardware/sysfs.ts'

const root = '/sys/bus/pci/devices'

/** The devices on the PCI buses: hexadecimal ids without a prefix, as ironic-python-agent lists them. */
export async function pciDevices(): Promise<Record<string, unknown>[]> {
  const names = (await entries(root)).sort()
  const found = await Promise.all(names.map(device))
  return found.filter((one) => one !== undefined)
}

async function device(bus: string): Promise<Record<string, unknown> | undefined> {
  const [vendor, product, type, revision, numa] = await Promise.all(
    ['vendor', 'device', 'class', 'revision', 'numa_node'].map((name) => attribute(`${root}/${bus}/${name}`)),
  )
  if (!vendor || !product) return undefined
  return {
    vendor_id: plain(vendor),
    product_id: plain(product),
    class: plain(type),
    revision: plain(revision),
    bus,
    numa_node_id: numa === null || numa === undefined ? null : Number(numa),
  }
}

const plain = (text: string | null | undefined): string | null => text?.replace(/^0x/, '') ?? null
