import { isFault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { linkIn, linksIn, membersOf } from '../../bmc/redfish/links.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { SensorReading } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'

type Body = Record<string, unknown>

/** The lists of readings under a chassis' older resources: which, the property that holds the reading, its unit. */
const lists = [
  ['Thermal', 'Temperatures', 'ReadingCelsius', 'degrees C'],
  ['Thermal', 'Fans', 'Reading', undefined],
  ['Power', 'Voltages', 'ReadingVolts', 'Volts'],
  ['Power', 'PowerSupplies', 'LastPowerOutputWatts', 'Watts'],
  ['Power', 'PowerControl', 'PowerConsumedWatts', 'Watts'],
] as const

const mostSensors = 200

/** Temperatures, fans, voltages and power of the machine's chassis, by the old resources or by the new ones. */
export async function readRedfishSensors(bmcs: Bmcs, task: Task): Promise<SensorReading[]> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const system = await systemOf(bmc, info.systemId, task.signal)
  const links = system.resource.body['Links'] as { Chassis?: unknown } | undefined
  const readings: SensorReading[] = []
  for (const path of linksIn(links?.Chassis).slice(0, 8)) {
    const chassis = await bodyAt(bmc, path, task)
    const old = await oldReadings(bmc, chassis, task)
    readings.push(...(old.length > 0 ? old : await newReadings(bmc, chassis, task)))
  }
  return readings
}

async function oldReadings(bmc: Redfish, chassis: Body, task: Task): Promise<SensorReading[]> {
  const found: Record<string, Body> = {}
  for (const name of ['Thermal', 'Power']) found[name] = await bodyAt(bmc, linkIn(chassis, name), task)
  return lists.flatMap(([resource, list, property, unit]) => {
    const rows = found[resource]?.[list]
    if (!Array.isArray(rows)) return []
    return (rows as Body[]).flatMap((row) => reading(row, row[property], unit ?? text(row['ReadingUnits'])))
  })
}

async function newReadings(bmc: Redfish, chassis: Body, task: Task): Promise<SensorReading[]> {
  const collection = linkIn(chassis, 'Sensors')
  const paths = collection ? await membersOf(bmc, collection, task.signal) : []
  const found: SensorReading[] = []
  for (const path of paths.slice(0, mostSensors)) {
    const sensor = await bodyAt(bmc, path, task)
    found.push(...reading(sensor, sensor['Reading'], text(sensor['ReadingUnits'])))
  }
  return found
}

const bodyIn = (value: unknown): Body => (typeof value === 'object' && value !== null ? (value as Body) : {})
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** A part that is not there has no reading; one that has none is shown by its health. */
function reading(row: Body, given: unknown, unit: string | undefined): SensorReading[] {
  const status = bodyIn(row['Status'])
  const name = text(row['Name']) ?? text(row['MemberId']) ?? text(row['Id'])
  if (name === undefined || status['State'] === 'Absent') return []
  const value = typeof given === 'number' && Number.isFinite(given) ? given : null
  const state = text(status['Health']) ?? text(status['State']) ?? 'unknown'
  const shown = value === null ? state : [value, unit].filter((one) => one !== undefined).join(' ')
  return [{ name, value, unit: value === null ? null : (unit ?? null), state, text: shown }]
}

/** What a BMC refuses to show has no readings. */
async function bodyAt(bmc: Redfish, path: string | undefined, task: Task): Promise<Body> {
  if (path === undefined) return {}
  try {
    return (await bmc.get(path, task.signal)).body
  } catch (error) {
    if (isFault(error, 'bmc_refused')) return {}
    throw error
  }
}
