import { cpus, machine, totalmem } from 'node:os'
import type { Inventory } from '@ferrite/shared/contracts/inventory'
import { MiB } from '@ferrite/shared/units'
import { attribute } from './sysfs.ts'

// Half a megabyte of source, for inventories only: loaded when the first is asked for.
const systemInformation = () => import('systeminformation')

/** Processors; `frequency` is text in MHz, as IPA's. */
export async function cpuFacts(): Promise<Inventory['cpu']> {
  const [first] = cpus()
  const { cpu } = await systemInformation()
  const [info, facts] = await Promise.all([attribute('/proc/cpuinfo'), cpu()])
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info ?? '')?.[1] ?? ''
  const mhz = (facts.speedMax || facts.speed || 0) * 1000 || (first?.speed ?? 0)
  return {
    model_name: first?.model ?? facts.brand ?? null,
    frequency: mhz > 0 ? mhz.toFixed(4) : '',
    count: cpus().length,
    architecture: machine(),
    flags: flags.split(' ').filter(Boolean),
    socket_count: facts.processors || 1,
  }
}

/** `total` is what the kernel has, `physical_mb` what the modules say; null when the firmware does not tell. */
export async function memoryFacts(): Promise<Inventory['memory']> {
  const { memLayout } = await systemInformation()
  const modules = await memLayout().catch(() => [])
  // Without DMI there is one made-up module of unknown type.
  const bytes = modules.reduce((sum, { size, type }) => sum + (type ? size || 0 : 0), 0)
  return { total: totalmem(), physical_mb: bytes > 0 ? Math.round(bytes / MiB) : null }
}

export async function vendorFacts(): Promise<Inventory['system_vendor']> {
  const { bios, system } = await systemInformation()
  const [maker, firmware] = await Promise.all([system(), bios()])
  // In a container systeminformation names that in place of the machine.
  const product = await attribute('/sys/class/dmi/id/product_name')
  return {
    product_name: product ?? (/docker/i.test(maker.model) ? '' : told(maker.model)),
    serial_number: told(maker.serial),
    manufacturer: told(maker.manufacturer),
    firmware: {
      vendor: told(firmware.vendor),
      version: told(firmware.version),
      build_date: told(firmware.releaseDate),
    },
  }
}

/** systeminformation says '-' for what it does not know, IPA an empty text. */
const told = (text: string | undefined): string => (text === undefined || text === '-' ? '' : text)
