import { explain, isFault } from '@ferrite/shared/fault'
import type { Logger } from 'pino'
import { rootDeviceCandidates } from '../disk/root-device.ts'
import type { Hardware, ListedDisk } from '../hardware/hardware.ts'
import { pciDevices } from './pci-devices.ts'
import { usbDevices } from './usb-devices.ts'

type Data = Record<string, unknown>
type Collector = (hardware: Hardware, data: Data) => Promise<void>

/** What an inspection can look for, by the names of ironic-python-agent. */
const collectors: Readonly<Record<string, Collector>> = {
  async default(hardware, data) {
    const inventory = await hardware.inventory()
    const root = await rootDisk(hardware)
    const { also: _also, read_only: _readOnly, ...disk } = root ?? {}
    data['inventory'] = inventory
    data['root_disk'] = root ? disk : null
    data['boot_interface'] = macOf(inventory.boot.pxe_interface)
  },
  async logs(hardware, data) {
    data['logs'] = await hardware.collectLogs()
  },
  async 'pci-devices'(_hardware, data) {
    data['pci_devices'] = await pciDevices()
  },
  async 'usb-devices'(_hardware, data) {
    data['usb_devices'] = await usbDevices()
  },
}

/** Null on a machine without a disk that could be one. */
async function rootDisk(hardware: Hardware): Promise<ListedDisk | undefined> {
  const disks = await hardware.disks()
  try {
    return rootDeviceCandidates(disks, undefined)[0]
  } catch (error) {
    if (isFault(error, 'disk_not_found')) return undefined
    throw error
  }
}

export const usualCollectors = ['default', 'logs']

/** Everything that was found. What could not be is said in `error`, so that nobody takes half for the whole. */
export async function collect(hardware: Hardware, names: readonly string[], log: Logger): Promise<Data> {
  const data: Data = {}
  const errors: string[] = []
  for (const name of names) {
    const run = Object.hasOwn(collectors, name) ? collectors[name] : undefined
    try {
      if (run) await run(hardware, data)
      else errors.push(`collector ${name} is not known to this agent`)
    } catch (error) {
      log.error({ collector: name, err: explain(error) }, 'collector failed')
      errors.push(`collector ${name} failed: ${explain(error)}`)
    }
  }
  data['configuration'] = { collectors: [...names], managers: [{ name: 'generic_hardware_manager', version: '1.2' }] }
  data['error'] = errors.length > 0 ? errors.join('; ') : null
  return data
}

/** Boot loaders write the interface as `01-52-54-00-…`. */
const macOf = (bootif: string | null): string | null =>
  bootif === null ? null : bootif.split(/[-:]/).slice(-6).join(':').toLowerCase()
