import { randomUUID } from 'node:crypto'
import { allocationFields, type AllocationRecord } from '@ferrite/shared/contracts/allocations'
import type { ResourceFields } from '@ferrite/shared/contracts/resource-fields'
import { Fault, isFault } from '@ferrite/shared/fault'
import { z } from 'zod'
import type { NodeRecord } from '../core/node.ts'
import { isNodeName } from '../nodes/names.ts'
import type { Store } from '../store/store.ts'
import { checkRelease } from '../nodes/release-rules.ts'
import { readNew } from './read-fields.ts'
import { resource, type ResourceContext } from './resource.ts'

const rules = resource({
  kind: 'allocations',
  noun: 'allocation',
  title: 'Allocation',
  fields: allocationFields,
  named: 'logical',
})

/** A new one may name a node that it is to be recorded for, after the fact. */
const createFields: ResourceFields = {
  ...allocationFields,
  node: { since: 58, schema: z.string().max(255).nullable(), create: true, initial: null },
}

export const allocations: typeof rules = {
  ...rules,
  async create(context, body, microversion) {
    const { node: ident, ...given } = readNew({ noun: 'allocation', fields: createFields }, body, microversion)
    const record = given as Partial<AllocationRecord>
    if (typeof record.name === 'string' && !isNodeName(record.name, 10)) {
      throw new Fault('invalid', `Cannot create allocation with invalid name '${record.name}'`)
    }
    const node = typeof ident === 'string' ? await nodeNamed(context.store, ident) : undefined
    const candidate_nodes = await uuidsOf(context.store, record.candidate_nodes ?? [])
    if (node) return backfill(context, { ...record, candidate_nodes }, node)
    if (!record.resource_class) {
      throw new Fault('invalid', 'The resource_class field is mandatory when not backfilling')
    }
    return context.store.resources.create('allocations', { ...record, candidate_nodes })
  },
  remove: releaseAllocation,
}

async function uuidsOf(store: Store, idents: readonly string[]): Promise<string[]> {
  const nodes = await Promise.all(idents.map((ident) => store.node(ident)))
  const missing = idents.filter((_, at) => !nodes[at])
  if (missing.length > 0) {
    throw new Fault('invalid', `Nodes cannot be found: ${missing.join(', ').slice(0, 300)}`)
  }
  return nodes.flatMap((node) => node?.uuid ?? [])
}

async function nodeNamed(store: Store, ident: string): Promise<NodeRecord> {
  const node = await store.node(ident)
  if (!node) throw new Fault('invalid', `Node ${ident.slice(0, 255)} could not be found.`)
  return node
}

/** Records an allocation for a node that is in use already. */
async function backfill(
  { store }: ResourceContext,
  given: Partial<AllocationRecord>,
  node: NodeRecord,
): Promise<AllocationRecord> {
  const record = {
    ...given,
    uuid: given.uuid ?? node.instance_uuid ?? randomUUID(),
    resource_class: given.resource_class ?? node.resource_class,
  }
  const problems = mismatches(record, node)
  if (problems.length === 0) return store.allocations.backfill(record, node.uuid)
  const why = `Cannot backfill an allocation for node ${node.uuid}: ${problems.join('; ')}`
  const last_error = `Failed to process allocation ${record.uuid}: ${why}.`
  await store.resources.create('allocations', { ...record, state: 'error', last_error })
  throw new Fault('conflict', last_error)
}

function mismatches(record: Partial<AllocationRecord>, node: NodeRecord): string[] {
  const problems: string[] = []
  if (node.provision_state !== 'active') {
    problems.push(`Node must be in the "active" state, but the current state is "${node.provision_state}"`)
  }
  if (record.resource_class && record.resource_class !== node.resource_class) {
    problems.push(
      `Resource class ${node.resource_class} does not match the requested resource class ${record.resource_class}`,
    )
  }
  const lacking = (record.traits ?? []).filter((trait) => !node.traits.includes(trait))
  if (lacking.length > 0) problems.push(`List of traits lacks the requested traits ${lacking.join(', ')}`)
  const { candidate_nodes = [] } = record
  if (candidate_nodes.length > 0 && !candidate_nodes.includes(node.uuid)) {
    problems.push('Candidate nodes must be empty or contain the target node')
  }
  return problems
}

const revisions = 5

/** Deletes an allocation; its node is free again. Fault invalid_state while the node is used. */
async function releaseAllocation({ store }: ResourceContext, record: AllocationRecord): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const allocation = await store.resources.find('allocations', record.uuid)
    const node = allocation?.node_uuid ? await store.node(allocation.node_uuid) : undefined
    if (node) checkRelease(node, record.uuid)
    try {
      return await store.allocations.release(record.uuid, node?.revision)
    } catch (error) {
      if (!isFault(error, 'conflict') || attempt >= revisions) throw error
    }
  }
}
