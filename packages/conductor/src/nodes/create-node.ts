import { randomUUID } from 'node:crypto'
import { nodeFields, type NodeFieldName } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { DriverCatalogue } from '../core/services.ts'
import type { Store } from '../store/store.ts'
import { checkChassis } from './chassis-rules.ts'
import { keepSecrets } from './keep-secrets.ts'
import { checkNodeName } from './names.ts'
import { createFields, interfaceFields, nodeInitial, readNodeField, type InterfaceField } from './node-fields.ts'
import { checkParent } from './parent.ts'

export type NodesContext = { store: Store; drivers: DriverCatalogue; host: string }

/** A node as a client describes it: fields checked, interfaces chosen, state `enroll` (`available` before microversion 1.11). */
export async function createNode(context: NodesContext, body: unknown, microversion: number): Promise<NodeRecord> {
  const given = readBody(body, microversion)
  const uuid = typeof given['uuid'] === 'string' ? given['uuid'] : randomUUID()
  if (typeof given['name'] === 'string') {
    checkNodeName(given['name'], microversion, (name) => `Cannot create node with invalid name '${name}'`)
  }
  await checkChassis(context.store, given['chassis_uuid'])
  if (given['retired_reason'] && !given['retired']) {
    throw new Fault('invalid', 'The retired_reason field can only be set when retired is True')
  }
  const driver = String(given['driver'])
  const interfaces = context.drivers.resolve(driver, pickInterfaces(given))
  const record = {
    ...given,
    ...interfaces,
    parent_node: await checkParent(context.store, given['parent_node'], uuid),
    uuid,
    driver,
    provision_state: microversion >= 11 ? 'enroll' : 'available',
    conductor: context.host,
  }
  return context.store.createNode(record as NodeChanges & { driver: string; uuid: string }, [{ type: 'node_created' }])
}

function readBody(body: unknown, microversion: number): Record<string, unknown> {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new Fault('invalid', 'Schema error for node: the body must be an object')
  }
  const given: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(body)) {
    if (!(createFields as readonly string[]).includes(name)) {
      throw new Fault(
        'invalid',
        `Schema error for node: Additional properties are not allowed ('${name.slice(0, 64)}' was unexpected)`,
      )
    }
    const field = name as NodeFieldName
    if (value !== null && microversion < nodeFields[field].since) {
      throw new Fault(
        'not_acceptable',
        `Request not acceptable. The minimal required API version should be 1.${nodeFields[field].since}`,
      )
    }
    if (field === 'uuid' && value === null) continue
    given[field] = field === 'parent_node' ? value : readNodeField(field, value)
  }
  if (given['driver'] === undefined) throw new Fault('missing_parameter', 'Missing mandatory parameter: driver')
  // A mask in a new node stands for nothing.
  for (const field of ['driver_info', 'instance_info']) keepSecrets(nodeInitial[field], given[field], `/${field}`)
  return given
}

export const pickInterfaces = (
  fields: Readonly<Record<string, unknown>>,
): Partial<Record<InterfaceField, string | null>> =>
  Object.fromEntries(
    interfaceFields.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name] as string | null]),
  )
