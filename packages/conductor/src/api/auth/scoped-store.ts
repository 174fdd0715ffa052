import type { VolumeTargetRecord } from '@ferrite/shared/contracts/volumes'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../../core/node.ts'
import type { ResourceKind, ResourceRecords, ResourceStore } from '../../store/resource-store.ts'
import type { Page, Store } from '../../store/store.ts'
import { allows } from './policies.ts'
import type { Principal } from './principal.ts'
import { hiddenFields, redactedNode, redactedTarget } from './redacted.ts'

/**
 * The store as a project sees it: what is not visible to it is not there, in lists, by name, and as anything that a
 * request refers to. Everything a request reaches goes through this, so no route can forget.
 */
export function scopedStore(store: Store, who: Principal): Store {
  const { project } = who
  if (project === null) throw new Fault('forbidden', 'This credential has neither a project nor a role on the system')
  const own = { project, visible: (node: NodeRecord) => allows('baremetal:node:get', who, node), who }
  const seen = (node: NodeRecord | undefined) => (node && own.visible(node) ? redactedNode(node, who) : undefined)
  return {
    ...store,
    node: async (ident) => seen(await store.node(ident)),
    nodes: async (filter, page = {}) => {
      if (page.marker !== undefined && !seen(await store.node(page.marker))) throw absent('Node', page.marker)
      if (hiddenFields.includes(page.sort_key ?? '')) throw unsortable(page)
      const nodes = await store.nodes({ ...filter, visible_to: project }, page)
      return nodes.filter(own.visible).map((node) => redactedNode(node, who))
    },
    // What a project creates belongs to it.
    createNode: async (node, events) => redactedNode(await store.createNode({ ...node, owner: project }, events), who),
    commit: async (change) => redactedNode(await store.commit(change), who),
    port: async (ident) => {
      const port = await store.port(ident)
      return port && seen(await store.node(port.node_uuid)) && port
    },
    ports: async (filter, page = {}) => {
      const { marker } = page
      const at = marker === undefined ? undefined : await store.port(marker)
      if (marker !== undefined && !(at && seen(await store.node(at.node_uuid)))) throw absent('Port', marker)
      return store.ports({ ...filter, visible_to: project }, page)
    },
    resources: scopedResources(store, own),
  }
}

const absent = (title: string, ident: string): Fault => new Fault('not_found', `${title} ${ident} could not be found.`)
// An order by something hidden would tell it bit by bit.
const unsortable = ({ sort_key }: Page): Fault =>
  new Fault('invalid', `The sort_key value "${sort_key}" is an invalid field for sorting`)

type Own = { project: string; who: Principal; visible: (node: NodeRecord) => boolean }

function scopedResources(store: Store, own: Own): ResourceStore {
  const { resources } = store
  const title = (kind: ResourceKind) => kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ')
  return {
    ...resources,
    find: async (kind, ident) => {
      const record = await resources.find(kind, ident)
      return record && (await isVisible(store, own, kind, record)) ? redacted(own, kind, record) : undefined
    },
    list: async (kind, filter = {}, page = {}) => {
      if (page.marker !== undefined) {
        const record = await resources.find(kind, page.marker)
        if (!record || !(await isVisible(store, own, kind, record))) throw absent(title(kind), page.marker)
      }
      const found = await resources.list(kind, { ...filter, visible_to: own.project }, page)
      return found.map((record) => redacted(own, kind, record))
    },
    create: async (kind, record) => {
      const owned = kind === 'allocations' || kind === 'runbooks' ? { ...record, owner: own.project } : record
      return redacted(own, kind, await resources.create(kind, owned))
    },
    update: async (kind, uuid, set) => redacted(own, kind, await resources.update(kind, uuid, set)),
  }
}

function redacted<K extends ResourceKind>({ who }: Own, kind: K, record: ResourceRecords[K]): ResourceRecords[K] {
  return kind === 'volume_targets' ? (redactedTarget(record as VolumeTargetRecord, who) as ResourceRecords[K]) : record
}

/** Resources of a node are seen with it, those of a project by it; those of the whole system by no project. */
async function isVisible(store: Store, own: Own, kind: ResourceKind, record: object): Promise<boolean> {
  const { node_uuid, owner } = record as { node_uuid?: string; owner?: string | null }
  if (kind === 'allocations') return owner === own.project
  if (kind === 'runbooks') return allows('baremetal:runbook:get', own.who, record as ResourceRecords['runbooks'])
  if (node_uuid === undefined) return false
  const node = await store.node(node_uuid)
  return node !== undefined && own.visible(node)
}
