import { isFault } from '@ferrite/shared/fault'
import { GiB } from '@ferrite/shared/units'
import type { Redfish } from './client.ts'
import { linkIn, linksIn, membersOf } from './links.ts'
import { systemOf } from './system.ts'

/** What a BMC says of its machine; undefined or empty where it says nothing. Sizes in bytes. */
export type SystemFacts = {
  cpus: number | undefined
  arch: string | undefined
  cpuModel: string | undefined
  memoryBytes: number | undefined
  disks: { name: string; bytes: number; model: string | null; serial: string | null; rotational: boolean | null }[]
  nics: { name: string; mac: string; up: boolean }[]
  manufacturer: string | null
  model: string | null
  serial: string | null
  bootMode: 'bios' | 'uefi' | undefined
}

type Body = Record<string, unknown>

/** Reads processors, memory, disks and network interfaces. What a BMC leaves out or refuses is left out. */
export async function describeSystem(bmc: Redfish, id: string | undefined, signal: AbortSignal): Promise<SystemFacts> {
  const body: Body = (await systemOf(bmc, id, signal)).body
  const processors = object(body['ProcessorSummary'])
  const gib = number(object(body['MemorySummary'])['TotalSystemMemoryGiB'])
  const mode = text(object(body['Boot'])['BootSourceOverrideMode'])
  return {
    cpus: number(processors['LogicalProcessorCount']) ?? number(processors['CoreCount']) ?? number(processors['Count']),
    arch: await archOf(bmc, body, signal),
    cpuModel: text(processors['Model']) ?? undefined,
    memoryBytes: gib === undefined ? undefined : Math.round(gib * GiB),
    disks: await disksOf(bmc, body, signal),
    nics: await nicsOf(bmc, body, signal),
    manufacturer: text(body['Manufacturer']),
    model: text(body['Model']),
    serial: text(body['SerialNumber']),
    bootMode: mode === 'UEFI' ? 'uefi' : mode === 'Legacy' ? 'bios' : undefined,
  }
}

const object = (value: unknown): Body => (typeof value === 'object' && value !== null ? (value as Body) : {})
const text = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null)
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined

const archs: Readonly<Record<string, string>> = {
  'x86-64': 'x86_64',
  x86: 'i686',
  'ARM-A64': 'aarch64',
  'ARM-A32': 'arm',
}

async function archOf(bmc: Redfish, body: Body, signal: AbortSignal): Promise<string | undefined> {
  for (const one of await members(bmc, linkIn(body, 'Processors'), signal)) {
    const arch = archs[text(one['InstructionSet']) ?? '']
    if (arch) return arch
  }
  return undefined
}

async function nicsOf(bmc: Redfish, body: Body, signal: AbortSignal): Promise<SystemFacts['nics']> {
  const found = await members(bmc, linkIn(body, 'EthernetInterfaces'), signal)
  return found.flatMap((one) => {
    const mac = (text(one['PermanentMACAddress']) ?? text(one['MACAddress']))?.toLowerCase()
    const status = object(one['Status'])
    if (!mac || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) || status['State'] === 'Absent') return []
    const isUp = one['LinkStatus'] !== 'LinkDown' && one['LinkStatus'] !== 'NoLink' && status['State'] !== 'Disabled'
    return [{ name: text(one['Id']) ?? mac, mac, up: isUp }]
  })
}

async function disksOf(bmc: Redfish, body: Body, signal: AbortSignal): Promise<SystemFacts['disks']> {
  const controllers = await members(bmc, linkIn(body, 'Storage'), signal)
  const drives = await Promise.all(
    controllers.flatMap((one) => linksIn(one['Drives'])).map((at) => read(bmc, at, signal)),
  )
  const simple = await members(bmc, drives.length > 0 ? undefined : linkIn(body, 'SimpleStorage'), signal)
  const devices = simple.flatMap((one) => (Array.isArray(one['Devices']) ? one['Devices'].map(object) : []))
  return [...drives.flat(), ...devices].flatMap((one) => {
    const bytes = number(one['CapacityBytes'])
    if (bytes === undefined) return []
    const name = text(one['Name']) ?? text(one['Id']) ?? 'disk'
    const media = text(one['MediaType'])
    const rotational = media === null ? null : media === 'HDD'
    return [{ name, bytes, model: text(one['Model']), serial: text(one['SerialNumber']), rotational }]
  })
}

async function members(bmc: Redfish, path: string | undefined, signal: AbortSignal): Promise<Body[]> {
  if (path === undefined) return []
  const paths = await readable(() => membersOf(bmc, path, signal))
  const found: Body[] = []
  for (const at of paths ?? []) found.push(...(await read(bmc, at, signal)))
  return found
}

const read = async (bmc: Redfish, path: string, signal: AbortSignal): Promise<Body[]> => {
  const found = await readable(() => bmc.get(path, signal))
  return found ? [found.body] : []
}

/** A BMC that refuses one of its own resources has said nothing about it. */
async function readable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isFault(error, 'bmc_refused') || isFault(error, 'bmc_lied')) return undefined
    throw error
  }
}
