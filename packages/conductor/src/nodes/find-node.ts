import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Store } from '../store/store.ts'
import { isNodeName, isUuid } from './names.ts'

/** What a path calls a node, and how the request reads it. */
export type Ident = { ident: string; microversion: number; suffixed?: boolean }

/** By uuid, or by name from microversion 1.5. Fault not_found, or invalid when it can be neither. */
export async function findNode(store: Store, { ident, microversion, suffixed }: Ident): Promise<NodeRecord> {
  if (!isUuid(ident)) {
    if (microversion < 5) throw nodeNotFound(ident)
    if (!isNodeName(ident, 10)) throw new Fault('invalid', `Expected UUID or name for node: ${ident.slice(0, 255)}`)
  }
  // Old clients may call a node by a name that really ends in .json.
  const node = (suffixed ? await store.node(`${ident}.json`) : undefined) ?? (await store.node(ident))
  if (!node) throw nodeNotFound(ident)
  return node
}

export const nodeNotFound = (ident: string): Fault => new Fault('not_found', `Node ${ident} could not be found.`)
