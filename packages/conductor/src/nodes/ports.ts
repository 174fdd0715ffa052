import { portFields, type PortFieldName, type PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Store } from '../store/store.ts'
import { whileLocked } from './change-node.ts'
import { applyPatch, checkRoots, readPatch, rootOf } from './json-patch.ts'
import { issueText } from './issue-text.ts'
import { attachedVif, checkPortChange } from './port-rules.ts'
import { checkPortgroup } from './portgroup-rules.ts'
import { isUuid } from './names.ts'

export type PortsContext = { store: Store; host: string }
type Bag = Record<string, unknown>

const fieldsOf = (by: 'create' | 'patch'): PortFieldName[] =>
  (Object.keys(portFields) as PortFieldName[]).filter((name) => by in portFields[name])
const createFields: readonly string[] = [...fieldsOf('create'), 'node_ident']
const patchFields = fieldsOf('patch')
const initial: Bag = Object.fromEntries(Object.entries(portFields).map(([name, field]) => [name, field.initial]))

export async function createPort(context: PortsContext, body: unknown, microversion: number): Promise<PortRecord> {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new Fault('invalid', 'Schema error for port: the body must be an object')
  }
  const given = body as Bag
  checkNames(given, microversion)
  const { node_ident: _, ...rest } = given
  const fields = Object.fromEntries(
    Object.entries(rest)
      .filter(([name, value]) => !(name === 'uuid' && value === null))
      .map(([name, value]) => [name, readPortField(name as PortFieldName, value)]),
  )
  const node = await nodeOf(context.store, given)
  if (given['address'] === undefined) throw new Fault('missing_parameter', 'Missing mandatory parameter: address')
  checkPortChange({ ...initial, ...fields } as PortRecord, fields)
  await checkPortgroup(context.store, { ...initial, ...fields, node_uuid: node.uuid } as PortRecord, fields)
  return context.store.createPort({ ...fields, node_uuid: node.uuid } as PortRecord, { unlocked: true })
}

function checkNames(given: Bag, microversion: number): void {
  for (const [name, value] of Object.entries(given)) {
    if (!createFields.includes(name)) {
      throw new Fault(
        'invalid',
        `Schema error for port: Additional properties are not allowed ('${name.slice(0, 64)}' was unexpected)`,
      )
    }
    const since = name === 'node_ident' ? 94 : portFields[name as PortFieldName].since
    if (value !== null && microversion < since) throw tooOld(since)
  }
  checkLinkVersion(given['local_link_connection'], microversion)
  if ((given['node_uuid'] === undefined) === (given['node_ident'] === undefined)) {
    throw given['node_uuid'] === undefined
      ? new Fault('missing_parameter', 'Missing mandatory parameter: node_uuid')
      : new Fault('invalid', 'Schema error for port: only one of node_uuid and node_ident is allowed')
  }
}

/** Networks that nobody manages came later than the field that names them. */
function checkLinkVersion(link: unknown, microversion: number): void {
  if (microversion >= 64 || typeof link !== 'object' || link === null) return
  if (Object.hasOwn(link, 'network_type')) throw tooOld(64)
}

async function nodeOf(store: Store, given: Bag): Promise<NodeRecord> {
  const ident = given['node_ident'] ?? given['node_uuid']
  const wellFormed = typeof ident === 'string' && (given['node_ident'] !== undefined || isUuid(ident))
  if (!wellFormed) throw new Fault('invalid', 'Schema error for port: node_uuid must be a uuid')
  const node = await store.node(ident)
  // A wrong reference inside of a body is a bad request, not a missing resource.
  if (!node) throw new Fault('invalid', `Node ${ident} could not be found.`)
  return node
}

export async function patchPort(
  context: PortsContext,
  port: PortRecord,
  body: unknown,
  microversion: number,
): Promise<PortRecord> {
  const patch = readPatch(body, microversion)
  checkRoots(patch, patchFields)
  for (const operation of patch) {
    const { since } = portFields[rootOf(operation) as PortFieldName]
    if (microversion < since) throw tooOld(since)
    if (operation.path === '/local_link_connection/network_type' && microversion < 64) throw tooOld(64)
    if (operation.path === '/local_link_connection') checkLinkVersion(operation.value, microversion)
  }
  const before = Object.fromEntries(patchFields.map((name) => [name, port[name]]))
  const after = applyPatch(before, patch, initial)
  const set: Bag = {}
  for (const name of new Set(patch.map(rootOf))) {
    const value = readPortField(name as PortFieldName, after[name])
    if (JSON.stringify(value) !== JSON.stringify(before[name])) set[name] = value
  }
  const node = await nodeOf(context.store, { node_uuid: set['node_uuid'] ?? port.node_uuid })
  if (Object.keys(set).length === 0) return port
  checkPortChange(port, set, node)
  await checkPortgroup(context.store, { ...port, ...set }, set)
  return whileLocked(context, node, 'port update', () => context.store.updatePort(port.uuid, set))
}

export async function deletePort(context: PortsContext, port: PortRecord): Promise<void> {
  const node = await context.store.node(port.node_uuid)
  const vif = attachedVif(port)
  if (vif && node && !node.maintenance) {
    throw new Fault(
      'invalid_state',
      `Cannot delete the port ${port.uuid} as node ${node.uuid} is active or has instance UUID assigned or port is bound to vif ${vif}`,
    )
  }
  if (!node) return context.store.deletePort(port.uuid)
  await whileLocked(context, node, 'port deletion', () => context.store.deletePort(port.uuid))
}

function readPortField(name: PortFieldName, given: unknown): unknown {
  const { schema } = portFields[name]
  const value = given ?? (name === 'address' || name === 'node_uuid' ? given : initial[name])
  const flag =
    typeof value === 'string' && typeof initial[name] === 'boolean'
      ? { true: true, false: false }[value.toLowerCase() as 'true' | 'false']
      : undefined
  const result = schema.safeParse(flag ?? value)
  if (result.success) return result.data
  const what = name === 'local_link_connection' ? name : 'port'
  const message = issueText(name, flag ?? value, result.error.issues[0])
  throw new Fault('invalid', name === 'address' ? message : `Schema error for ${what}: ${name}: ${message}`)
}

const tooOld = (since: number): Fault =>
  new Fault('not_acceptable', `Request not acceptable. The minimal required API version should be 1.${since}`)
