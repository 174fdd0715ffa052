import { Fault } from '@ferrite/shared/fault'
import type { ResourceFields } from '@ferrite/shared/contracts/resource-fields'
import type { NodeRecord } from '../core/node.ts'
import { whileLocked } from '../nodes/change-node.ts'
import { isNodeName, isUuid } from '../nodes/names.ts'
import type { ResourceKind, ResourceRecords } from '../store/resource-store.ts'
import type { Store } from '../store/store.ts'
import { readChanges, readNew } from './read-fields.ts'

export type ResourceContext = { store: Store; host: string }
type Bag = Record<string, unknown>

/** A resource with its rules; what the API serves. */
export type Resource<K extends ResourceKind = ResourceKind> = {
  kind: K
  noun: string
  /** How error texts begin with it. */
  title: string
  fields: ResourceFields
  /** `logical` names are free, like a node's; `other` names are checked by their field. */
  named: 'logical' | 'other' | false
  create(context: ResourceContext, body: unknown, microversion: number): Promise<ResourceRecords[K]>
  patch(
    context: ResourceContext,
    record: ResourceRecords[K],
    body: unknown,
    microversion: number,
  ): Promise<ResourceRecords[K]>
  remove(context: ResourceContext, record: ResourceRecords[K]): Promise<void>
}

type Rules<K extends ResourceKind> = Pick<Resource<K>, 'kind' | 'noun' | 'title' | 'fields' | 'named'> & {
  /** What may not be, beyond the fields' types. `set` holds only what changes; `node` is given where there is one. */
  check?(change: {
    context: ResourceContext
    record: ResourceRecords[K]
    set: Partial<ResourceRecords[K]>
    isNew: boolean
    node: NodeRecord | undefined
    microversion: number
  }): void | Promise<void>
  /** May it be deleted now? */
  checkRemoval?(record: ResourceRecords[K], node: NodeRecord | undefined): void
}

/** A resource from its fields and its rules. One that belongs to a node is changed with the node's lock held. */
export function resource<K extends ResourceKind>(rules: Rules<K>): Resource<K> {
  const initial = Object.fromEntries(Object.entries(rules.fields).map(([name, field]) => [name, field.initial]))
  const store = ({ store: { resources } }: ResourceContext) => resources
  return {
    ...rules,
    async create(context, body, microversion) {
      const given = readNew(rules, body, microversion)
      if (rules.named === 'logical')
        checkName(given['name'], (name) => `Cannot create ${rules.noun} with invalid name '${name}'`)
      const node = await nodeNamed(context.store, given)
      const set = given as Partial<ResourceRecords[K]>
      const record = { ...initial, ...given } as ResourceRecords[K]
      await rules.check?.({ context, record, set, isNew: true, node, microversion })
      return store(context).create(rules.kind, set)
    },
    async patch(context, record, body, microversion) {
      const given = readChanges(rules, record, body, microversion)
      if (rules.named === 'logical') {
        const refusal = (name: string) => `${rules.title} ${record.uuid}: Cannot change name to invalid name '${name}'`
        checkName(given['name'], refusal)
      }
      if (Object.keys(given).length === 0) return record
      const set = given as Partial<ResourceRecords[K]>
      await nodeNamed(context.store, given)
      return locked(context, record, `${rules.noun} update`, async (node) => {
        const after = { ...record, ...set }
        await rules.check?.({ context, record: after, set, isNew: false, node, microversion })
        return store(context).update(rules.kind, record.uuid, set)
      })
    },
    async remove(context, record) {
      await locked(context, record, `${rules.noun} deletion`, async (node) => {
        rules.checkRemoval?.(record, node)
        await store(context).delete(rules.kind, record.uuid)
      })
    },
  }
}

/** Fault not_found, or invalid for what can be no identifier. */
export async function findResource<K extends ResourceKind>(
  { store }: Pick<ResourceContext, 'store'>,
  { kind, title, named }: Resource<K>,
  ident: string,
): Promise<ResourceRecords[K]> {
  if (!named && !isUuid(ident)) throw new Fault('invalid', `Expected a UUID but received ${ident.slice(0, 255)}.`)
  const record = await store.resources.find(kind, ident)
  if (!record) throw new Fault('not_found', `${title} ${ident.slice(0, 255)} could not be found.`)
  return record
}

function checkName(name: unknown, refusal: (name: string) => string): void {
  if (typeof name === 'string' && !isNodeName(name, 10)) throw new Fault('invalid', refusal(name.slice(0, 255)))
}

/** A wrong reference inside of a body is a bad request, not a missing resource. */
async function nodeNamed(store: Store, { node_uuid }: Bag): Promise<NodeRecord | undefined> {
  if (typeof node_uuid !== 'string') return undefined
  const node = await store.node(node_uuid)
  if (!node) throw new Fault('invalid', `Node ${node_uuid} could not be found.`)
  return node
}

async function locked<T>(
  context: ResourceContext,
  record: object,
  purpose: string,
  work: (node: NodeRecord | undefined) => Promise<T>,
): Promise<T> {
  const { node_uuid } = record as Bag
  const node = typeof node_uuid === 'string' ? await context.store.node(node_uuid) : undefined
  return node ? whileLocked(context, node, purpose, work) : work(undefined)
}
