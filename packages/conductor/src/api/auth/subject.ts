import type { NodeRecord } from '../../core/node.ts'
import type { ResourceKind } from '../../store/resource-store.ts'
import type { Store } from '../../store/store.ts'
import type { DeclaredRoute, Request } from '../route.ts'
import type { Owned } from './rules.ts'

/** The thing that a path names: whose it is, and the node where it is one or belongs to one. */
export type Subject = { title: string; ident: string; thing: Owned; node?: NodeRecord }

/** Prefixes of paths that name one thing by their first parameter. */
const named: readonly [string, 'node' | 'port' | ResourceKind, string][] = [
  ['/v1/nodes/:', 'node', 'Node'],
  ['/ferrite/v1/nodes/:', 'node', 'Node'],
  ['/v1/ports/:', 'port', 'Port'],
  ['/v1/portgroups/:', 'portgroups', 'Portgroup'],
  ['/v1/volume/connectors/:', 'volume_connectors', 'Volume connector'],
  ['/v1/volume/targets/:', 'volume_targets', 'Volume target'],
  ['/v1/allocations/:', 'allocations', 'Allocation'],
  ['/v1/runbooks/:', 'runbooks', 'Runbook'],
]

/** Paths that name a node by a query argument. */
const byQuery = new Set(['/v1/nodes/validate', '/ferrite/v1/events'])

export const namesOneThing = ({ path }: Pick<DeclaredRoute, 'path'>): boolean =>
  named.some(([prefix]) => path.startsWith(prefix))

/** Undefined when the path names nothing, or nothing that there is. */
export async function subjectOf(
  { path }: Pick<DeclaredRoute, 'path'>,
  { params, query }: Pick<Request, 'params' | 'query'>,
  store: Store,
): Promise<Subject | undefined> {
  if (byQuery.has(path)) return byIdent(store, 'node', 'Node', queried(query))
  const [, kind, title] = named.find(([prefix]) => path.startsWith(prefix)) ?? []
  return kind && title ? byIdent(store, kind, title, Object.values(params)[0]) : undefined
}

function queried(query: unknown): string | undefined {
  const { node_uuid, node } = query as Record<string, unknown>
  const ident = node_uuid ?? node
  return typeof ident === 'string' ? ident : undefined
}

async function byIdent(
  store: Store,
  kind: 'node' | 'port' | ResourceKind,
  title: string,
  ident: string | undefined,
): Promise<Subject | undefined> {
  if (ident === undefined) return undefined
  if (kind === 'node') {
    const node = await store.node(ident)
    return node && { title, ident, thing: node, node }
  }
  const record = kind === 'port' ? await store.port(ident) : await store.resources.find(kind, ident)
  if (!record) return undefined
  if (kind === 'allocations' || kind === 'runbooks') return { title, ident, thing: record as unknown as Owned }
  const { node_uuid } = record as { node_uuid?: string }
  const node = node_uuid === undefined ? undefined : await store.node(node_uuid)
  return { title, ident, thing: node ?? { owner: null }, ...(node ? { node } : {}) }
}
