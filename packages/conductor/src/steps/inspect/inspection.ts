import type { Findings, InspectionSettings } from '../../core/findings.ts'
import type { NodeChanges, NodeRecord } from '../../core/node.ts'
import type { Task } from '../../core/task.ts'

export type Bag = Record<string, unknown>

/** The node's fields that an inspection may change, as they will be. */
const drafted = [
  'name',
  'description',
  'driver_info',
  'extra',
  'properties',
  'resource_class',
  'traits',
  'owner',
  'lessee',
  'conductor_group',
  'shard',
  'network_data',
  'boot_mode',
] as const
export type Draft = Pick<NodeRecord, (typeof drafted)[number]>

/** One inspection while its data is worked through. Hooks and rules change `draft`, `inventory` and `plugin`. */
export type Inspection = {
  task: Task
  findings: Findings
  settings: InspectionSettings
  draft: Draft
  inventory: Bag
  plugin: Bag
}

export const draftOf = (node: NodeRecord): Draft =>
  structuredClone(Object.fromEntries(drafted.map((name) => [name, node[name]]))) as Draft

/** The fields that the draft changes. */
export const changesIn = (node: NodeRecord, draft: Draft): NodeChanges =>
  Object.fromEntries(
    drafted.flatMap((name) =>
      JSON.stringify(node[name]) === JSON.stringify(draft[name]) ? [] : [[name, draft[name]]],
    ),
  )

export const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value under these keys, as far as there are objects on the way. */
export function within(from: unknown, ...keys: string[]): unknown {
  let at = from
  for (const key of keys) at = isBag(at) ? at[key] : undefined
  return at
}

/** `properties/capabilities`, as `a:1,b:2`, with these set; null takes one away. */
export function setCapabilities(
  draft: Pick<Draft, 'properties'>,
  changes: Readonly<Record<string, string | null>>,
): void {
  const { capabilities: given } = draft.properties
  const pairs = (typeof given === 'string' ? given : '')
    .split(',')
    .filter((pair) => pair.includes(':'))
    .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)] as const)
  const kept = Object.entries({ ...Object.fromEntries(pairs), ...changes }).filter(([, value]) => value !== null)
  draft.properties['capabilities'] = kept.map(([name, value]) => `${name}:${value}`).join(',')
}
