import { Fault } from '@ferrite/shared/fault'
import { masked } from '@ferrite/shared/redact'
import type { BiosSetting } from '../../store/resource-store.ts'
import { looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { boolean, detailParam, list } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { tooNew } from '../versions.ts'
import { reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const read = { ...reads, method: 'GET', answers: { 200: looseAnswer } } as const

/** What a node's hardware has said of itself, and which nodes belong to it. */
export const nodeViewRoutes: readonly DeclaredRoute[] = [
  ...biosRoutes(),
  route({
    ...read,
    path: '/v1/nodes/:ident/firmware',
    since: 86,
    auth: 'baremetal:node:firmware:get',
    query: { detail: { since: 86, schema: boolean }, fields: { since: 86, schema: list } },
    handle: async (call) => {
      const { fields, detail } = call.query
      if (fields && detail) throw new Fault('invalid', "Can't fetch a subset of fields with 'detail' set")
      checkNames(fields, [...firmwareFields, ...identityFields, 'created_at', 'updated_at'])
      if (call.microversion < 114 && fields?.some((field) => identityFields.includes(field))) throw tooNew(114)
      const shown = [...firmwareFields, ...(call.microversion >= 114 ? identityFields : [])]
      const components = await call.api.store.details.firmware((await nodeOf(call)).uuid)
      const firmware = components.map((one) => ({
        ...pick(one, fields ?? shown),
        created_at: one.created_at,
        updated_at: one.updated_at,
      }))
      return { status: 200, body: { firmware } }
    },
  }),
  route({
    ...read,
    path: '/v1/nodes/:ident/inventory',
    since: 81,
    auth: 'baremetal:node:inventory:get',
    handle: async (call) => {
      const node = await nodeOf(call)
      const found = await call.api.store.details.inventory(node.uuid)
      if (!found) throw new Fault('not_found', `Node inventory record for node ${node.uuid} could not be found.`)
      return { status: 200, body: masked(found) }
    },
  }),
  route({
    ...read,
    path: '/v1/nodes/:ident/children',
    since: 83,
    auth: 'baremetal:node:get:children',
    handle: async (call) => {
      const node = await nodeOf(call)
      const children = await call.api.store.nodes({ parent_node: node.uuid, include_children: true })
      const link = { href: `${call.base}/v1/nodes/?parent_node=${node.uuid}`, rel: 'children' }
      return { status: 200, body: { children: children.map((child) => child.uuid), links: link } }
    },
  }),
]

const firmwareFields = ['component', 'initial_version', 'current_version', 'last_version_flashed']
const identityFields = ['vendor', 'model', 'serial_number']
const registryFields = [
  'attribute_type',
  'allowable_values',
  'lower_bound',
  'max_length',
  'min_length',
  'read_only',
  'reset_required',
  'unique',
  'upper_bound',
]
const settingFields = ['name', 'value', ...registryFields]

function biosRoutes(): DeclaredRoute[] {
  const auth = 'baremetal:node:bios:get'
  return [
    route({
      ...read,
      path: '/v1/nodes/:ident/bios',
      since: 40,
      auth,
      query: { detail: { ...detailParam.detail, since: 74 }, fields: { since: 74, schema: list } },
      handle: async (call) => {
        const { fields, detail } = call.query
        if (fields && detail) throw new Fault('invalid', "Can't fetch a subset of fields with 'detail' set")
        checkNames(fields, [...settingFields, 'links', 'created_at', 'updated_at'])
        const { uuid } = await nodeOf(call)
        const shown = detail ? settingFields : (fields ?? ['name', 'value'])
        const settings = await call.api.store.details.bios(uuid)
        return {
          status: 200,
          body: { bios: settings.map((one) => settingView(one, { uuid, shown, base: call.base })) },
        }
      },
    }),
    route({
      ...read,
      path: '/v1/nodes/:ident/bios/:setting',
      since: 40,
      auth,
      handle: async (call) => {
        const { uuid } = await nodeOf(call)
        const { setting } = call.params
        const found = (await call.api.store.details.bios(uuid)).find(({ name }) => name === setting)
        if (!found) {
          throw new Fault('not_found', `Node ${uuid} doesn't have a BIOS setting '${setting.slice(0, 255)}'`)
        }
        const shown = call.microversion >= 74 ? settingFields : ['name', 'value']
        return { status: 200, body: { [setting]: settingView(found, { uuid, shown, base: call.base }) } }
      },
    }),
  ]
}

type Setting = BiosSetting & { created_at: string; updated_at: string | null }

const settingView = (
  setting: Setting,
  { uuid, shown, base }: { uuid: string; shown: readonly string[]; base: string },
): Record<string, unknown> => ({
  ...pick(setting, shown),
  created_at: setting.created_at,
  updated_at: setting.updated_at,
  links: links(base, `nodes/${uuid}/bios`, setting.name),
})

const pick = (from: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, (from as Record<string, unknown>)[name] ?? null]))

function checkNames(fields: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = fields?.find((field) => !known.includes(field))
  if (unknown !== undefined) throw new Fault('invalid', `Field ${unknown.slice(0, 64)} is not a valid field.`)
}
