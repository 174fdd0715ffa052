import { z } from 'zod'
import { interfaceTypes } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { DriverFacts } from '../../core/services.ts'
import { looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { boolean, list, text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'

const read = { ...reads, method: 'GET', since: 1, answers: { 200: looseAnswer } } as const
const kind = z.enum(['classic', 'dynamic'], {
  error: (issue) => `driver type ${String(issue.input).slice(0, 32)} is unknown: use classic or dynamic`,
})

export const driverRoutes: readonly DeclaredRoute[] = [
  route({
    ...read,
    path: '/v1/drivers',
    auth: 'baremetal:driver:get',
    query: {
      type: { since: 30, schema: kind },
      detail: { since: 30, schema: boolean },
      fields: { since: 77, schema: list },
    },
    handle: async ({ api, base, microversion, query }) => {
      const { fields, detail } = query
      if (fields && detail) throw new Fault('invalid', "Can't fetch a subset of fields with 'detail' set")
      // Classic drivers ended long ago; every hardware type is a dynamic one.
      const facts = query.type === 'classic' ? [] : api.services.drivers.list()
      const look = { base, microversion, detail: detail === true || fields !== undefined, fields }
      return { status: 200, body: { drivers: facts.map((driver) => driverView(driver, look)) } }
    },
  }),
  route({
    ...read,
    path: '/v1/drivers/:name',
    auth: 'baremetal:driver:get',
    query: { fields: { since: 77, schema: list } },
    handle: async ({ api, params, base, microversion, query }) => ({
      status: 200,
      body: driverView(api.services.drivers.get(params.name), {
        base,
        microversion,
        detail: true,
        fields: query.fields,
      }),
    }),
  }),
  route({
    ...read,
    path: '/v1/drivers/:name/properties',
    auth: 'baremetal:driver:get_properties',
    handle: async ({ api, params }) => ({ status: 200, body: api.services.drivers.get(params.name).properties }),
  }),
  route({
    ...read,
    path: '/v1/drivers/:name/vendor_passthru/methods',
    auth: 'baremetal:driver:vendor_passthru',
    handle: async ({ api, params }) => {
      api.services.drivers.get(params.name)
      return { status: 200, body: {} }
    },
  }),
  route({
    ...read,
    path: '/v1/drivers/:name/raid/logical_disk_properties',
    since: 12,
    tooOld: 'not_acceptable',
    auth: 'baremetal:driver:get_raid_logical_disk_properties',
    handle: async ({ api, params }) => {
      api.services.drivers.get(params.name)
      return { status: 200, body: logicalDiskProperties }
    },
  }),
  route({
    ...read,
    path: '/v1/drivers/:name/vendor_passthru',
    auth: 'baremetal:driver:vendor_passthru',
    query: { method: { since: 1, schema: text } },
    handle: async ({ api, params }) => {
      const { name } = api.services.drivers.get(params.name)
      throw new Fault('unsupported', `Driver ${name} does not support vendor_passthru (disabled or not implemented).`)
    },
  }),
]

/** Interface types that became visible after dynamic drivers did. */
const interfaceSince: Readonly<Record<string, number>> = { storage: 33, rescue: 38, bios: 40, firmware: 86 }
type DriverLook = { base: string; microversion: number; detail: boolean; fields?: readonly string[] | undefined }

function driverView(driver: DriverFacts, { base, microversion, detail, fields }: DriverLook): Record<string, unknown> {
  const view: Record<string, unknown> = {
    name: driver.name,
    hosts: driver.hosts,
    links: links(base, 'drivers', driver.name),
  }
  if (microversion >= 14) view['properties'] = links(base, 'drivers', `${driver.name}/properties`)
  if (microversion >= 30) view['type'] = 'dynamic'
  if (microversion >= 30 && detail) {
    for (const type of interfaceTypes) {
      if (microversion < (interfaceSince[type] ?? 30)) continue
      view[`default_${type}_interface`] = driver.default[type]
      view[`enabled_${type}_interfaces`] = driver.enabled[type]
    }
  }
  if (!fields) return view
  const unknown = fields.find((field) => !Object.hasOwn(view, field))
  if (unknown !== undefined) throw new Fault('invalid', `Field ${unknown.slice(0, 64)} is not a valid field.`)
  return Object.fromEntries(Object.entries(view).filter(([name]) => name === 'links' || fields.includes(name)))
}

/** What a logical disk of `target_raid_config` may say, one sentence each. */
const logicalDiskProperties: Readonly<Record<string, string>> = {
  controller: 'Controller to use for this logical disk; the driver chooses when it is left out.',
  disk_type: 'Kind of physical disks: hdd or ssd.',
  interface_type: 'Bus of the physical disks: sata, scsi or sas.',
  is_root_volume: 'Whether the operating system goes onto this logical disk; at most one may say so.',
  number_of_physical_disks: 'How many physical disks to use; the least that the level needs when it is left out.',
  physical_disks: 'The physical disks to use, as the controller names them; needs controller.',
  raid_level: 'RAID level: JBOD, 0, 1, 2, 5, 6, 1+0, 5+0 or 6+0. Required.',
  share_physical_disks: 'Whether other logical disks may use the same physical disks.',
  size_gb: 'Size in GiB as an integer, or MAX for all that is left. Required.',
  volume_name: 'Name of the volume; the driver makes one up when it is left out.',
}
