import type { AllocationRecord } from '@ferrite/shared/contracts/allocations'
import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import type { NodeRecord } from '../core/node.ts'
import type { StoreContext } from './context.ts'
import { textOf } from './database.ts'
import { nodeToColumns } from './node-rows.ts'
import { isHeld, lockedFault, mustFind as mustFindNode, refuseDuplicates } from './nodes.ts'
import type { AllocationStore, Placement } from './resource-store.ts'
import { createResource, deleteResource, findResource, mustFind, updateResource } from './resources.ts'

export const allocationStore = (context: StoreContext): AllocationStore => ({
  place: async (uuid, { last }) => context.db.transaction(() => place(context, uuid, last)),
  backfill: async (record, node_uuid) => context.db.transaction(() => backfill(context, record, node_uuid)),
  release: async (uuid, revision) => context.db.transaction(() => release(context, uuid, revision)),
})

function place(context: StoreContext, uuid: string, last: boolean): Placement {
  const allocation = findResource(context, 'allocations', uuid)
  if (allocation?.state !== 'allocating') return 'over'
  const found = candidates(context, allocation)
  if (typeof found === 'string') return fail(context, allocation, found)
  for (const node_uuid of inFairOrder(context, found, allocation)) {
    const node = mustFindNode(context, node_uuid)
    if (node.power_state === null || isHeld(context, node)) continue
    take(context, allocation, node)
    updateResource(context, 'allocations', uuid, { state: 'active', node_uuid, last_error: null })
    return 'placed'
  }
  if (!last) return 'locked'
  return fail(context, allocation, `could not reserve any of ${found.length} suitable nodes`)
}

function fail(context: StoreContext, { uuid }: AllocationRecord, reason: string): Placement {
  const last_error = `Failed to process allocation ${uuid}: ${reason}.`
  updateResource(context, 'allocations', uuid, { state: 'error', node_uuid: null, last_error })
  return 'failed'
}

type Candidate = { uuid: string; name: string | null }

/** Nodes that suit, or why there is none. A node whose power is being changed for the first time is about to suit. */
function candidates({ db }: StoreContext, allocation: AllocationRecord): Candidate[] | string {
  const where = [
    "provision_state = 'available'",
    'instance_uuid IS NULL',
    'maintenance = 0',
    'retired = 0',
    '(power_state IS NOT NULL OR target_power_state IS NOT NULL)',
    'resource_class = ?',
  ]
  const values = [allocation.resource_class]
  if (allocation.candidate_nodes.length > 0) {
    where.push('uuid IN (SELECT value FROM json_each(?))')
    values.push(JSON.stringify(allocation.candidate_nodes))
  }
  if (allocation.owner !== null) {
    where.push('(owner = ? OR lessee = ?)')
    values.push(allocation.owner, allocation.owner)
  }
  const rows = db.all(`SELECT uuid, name, traits FROM nodes WHERE ${where.join(' AND ')}`, ...values)
  if (rows.length === 0) {
    return allocation.candidate_nodes.length > 0
      ? `none of the requested nodes are available and match the resource class ${allocation.resource_class}`
      : `no available nodes match the resource class ${allocation.resource_class}`
  }
  const suiting = rows.filter((row) => {
    const has = JSON.parse(textOf(row, 'traits')) as string[]
    return allocation.traits.every((trait) => has.includes(trait))
  })
  if (suiting.length === 0) return `no suitable nodes have the requested traits ${allocation.traits.join(', ')}`
  return suiting.map((row) => ({ uuid: textOf(row, 'uuid'), name: row['name'] as string | null }))
}

/** At random, so that no node is always first; but a node of the same name is what is meant. */
function inFairOrder({ clock }: StoreContext, found: Candidate[], { name }: AllocationRecord): string[] {
  const drawn = found.map((one) => ({ one, lot: name !== null && one.name === name ? -1 : clock.between(0, 1) }))
  return drawn.toSorted((a, b) => a.lot - b.lot).map(({ one }) => one.uuid)
}

/** The node belongs to the allocation from here on. Its traits are what the instance asked for. */
function take(context: StoreContext, { uuid, traits }: AllocationRecord, node: NodeRecord): void {
  const changes = {
    instance_uuid: uuid,
    allocation_uuid: uuid,
    instance_info: { ...node.instance_info, traits },
  }
  refuseDuplicates(context, changes, node.uuid)
  write(context, node, changes)
}

function write(context: StoreContext, node: NodeRecord, changes: Partial<NodeRecord>): void {
  const set = { ...changes, updated_at: timestamp(context.clock.now()) }
  const columns = nodeToColumns(node.uuid, set, context.sealer)
  const assignments = [...[...columns.keys()].map((name) => `${name} = ?`), 'revision = revision + 1']
  context.db.run(`UPDATE nodes SET ${assignments.join(', ')} WHERE uuid = ?`, ...columns.values(), node.uuid)
}

function backfill(context: StoreContext, record: Partial<AllocationRecord>, node_uuid: string): AllocationRecord {
  const node = mustFindNode(context, node_uuid)
  if (isHeld(context, node)) throw lockedFault(node)
  const made = createResource(context, 'allocations', { ...record, state: 'active', node_uuid })
  if (node.allocation_uuid !== null || (node.instance_uuid !== null && node.instance_uuid !== made.uuid)) {
    throw new Fault('node_associated', `Node ${node.uuid} is associated with instance ${node.instance_uuid}.`)
  }
  take(context, made, node)
  return made
}

function release(context: StoreContext, uuid: string, revision: number | undefined): void {
  const { node_uuid } = mustFind(context, 'allocations', uuid)
  if (node_uuid !== null) {
    const node = mustFindNode(context, node_uuid)
    if (isHeld(context, node)) throw lockedFault(node)
    if (node.revision !== revision) throw new Fault('conflict', `Node ${node.uuid} was changed by somebody else.`)
    write(context, node, { instance_uuid: null, allocation_uuid: null })
  }
  deleteResource(context, 'allocations', uuid)
}
