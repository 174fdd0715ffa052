import { createHash } from 'node:crypto'
import type { NodeRecord } from '../core/node.ts'

/** The same for every try of one command of one step of one flow on one boot, also after a restart of ours. */
export function commandKey({ uuid, internal }: NodeRecord, name: string): string {
  const { flow, agent } = internal
  const facts = [uuid, flow?.started_at, flow?.index, flow?.replans ?? 0, agent?.epoch, name]
  const hex = createHash('sha256').update(JSON.stringify(facts)).digest('hex')
  // In the shape of Ironic's request ids.
  return `req-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
