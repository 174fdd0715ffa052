import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../../core/node.ts'
import type { Store } from '../../store/store.ts'
import type { DeclaredRoute } from '../route.ts'
import { operationsOf } from './patch-policies.ts'
import { allows } from './policies.ts'
import type { Principal } from './principal.ts'

const keys = ['node_uuid', 'node_ident', 'parent_node', 'portgroup_uuid'] as const

/**
 * Nodes that a body or a JSON patch refers to: whoever moves something there needs the same permission there. `store` is
 * the caller's, so a node that is hidden from them is none; the handler then says that it does not exist.
 */
export async function referredNodes(body: unknown, store: Store): Promise<NodeRecord[]> {
  const found: NodeRecord[] = []
  for (const [key, ident] of references(body)) {
    const group = key === 'portgroup_uuid' ? await store.resources.find('portgroups', ident) : undefined
    const node = await store.node(key === 'portgroup_uuid' ? (group?.node_uuid ?? '') : ident)
    if (node) found.push(node)
  }
  return found
}

export function references(body: unknown): [string, string][] {
  const pairs: [string, unknown][] = Array.isArray(body)
    ? operationsOf(body).map(({ path, value }) => [typeof path === 'string' ? path.slice(1) : '', value])
    : keys.map((key) => [key, (body as Record<string, unknown> | null | undefined)?.[key]])
  return pairs.filter(
    (pair): pair is [string, string] => keys.some((key) => key === pair[0]) && typeof pair[1] === 'string',
  )
}

/** A runbook is used by its owner, or by anybody when it is public. */
export async function refuseForeignRunbook(
  { path }: DeclaredRoute,
  body: unknown,
  who: Principal,
  store: Store,
): Promise<void> {
  const ident = (body as { runbook?: unknown } | null | undefined)?.runbook
  if (!path.endsWith('/states/provision') || typeof ident !== 'string') return
  const runbook = await store.resources.find('runbooks', ident)
  if (runbook && (runbook.public || allows('baremetal:runbook:use', who, runbook))) return
  throw new Fault('not_found', `Runbook ${ident.slice(0, 255)} could not be found.`)
}
