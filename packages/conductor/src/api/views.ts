import { nodeFields, type NodeFieldName } from '@ferrite/shared/contracts/nodes'
import { portFields, type PortFieldName, type PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import { masked, maskedText, mask } from '@ferrite/shared/redact'
import type { NodeRecord } from '../core/node.ts'
import { driverInternalInfo } from '../core/node-view.ts'
import { hiddenInternal, hiddenInternalView } from './auth/redacted.ts'
import { links } from './links.ts'
import { tooNew } from './versions.ts'

/** How one request looks at things. `fields` undefined shows all that the version knows. */
export type View = { microversion: number; base: string; fields?: readonly string[] | undefined }

/** Fields that are links to something, with the version that shows them. */
const nodeLinks = { links: 1, ports: 1, states: 14, portgroups: 24, volume: 32 } as const
const nodeNames = Object.entries(nodeFields) as [NodeFieldName, { since: number }][]
const portNames = Object.entries(portFields) as [PortFieldName, { since: number }][]

export const nodeListFields: readonly string[] = [
  'uuid',
  'name',
  'instance_uuid',
  'maintenance',
  'power_state',
  'provision_state',
]
export const portListFields: readonly string[] = ['uuid', 'address']

/** The one way in which a node leaves: what the version knows, what was asked for, secrets masked. */
export function nodeView(node: NodeRecord, view: View, secretKeys: ReadonlySet<string>): Record<string, unknown> {
  const wanted = view.fields && new Set(view.fields)
  const shown: Record<string, unknown> = {}
  for (const [name, { since }] of nodeNames) {
    if (view.microversion < since || (wanted && !wanted.has(name))) continue
    shown[name] = nodeValue(node, name, view.microversion, secretKeys)
  }
  for (const [name, since] of Object.entries(nodeLinks)) {
    if (view.microversion < since || (wanted && name !== 'links' && !wanted.has(name))) continue
    shown[name] = links(view.base, 'nodes', name === 'links' ? node.uuid : `${node.uuid}/${name}`)
  }
  return shown
}

function nodeValue(
  node: NodeRecord,
  name: NodeFieldName,
  microversion: number,
  secretKeys: ReadonlySet<string>,
): unknown {
  switch (name) {
    case 'driver_internal_info':
      return node.internal === hiddenInternal ? hiddenInternalView : masked(driverInternalInfo(node))
    case 'driver_info':
      return masked(node.driver_info, secretKeys)
    case 'instance_info':
      return instanceInfo(node, secretKeys)
    case 'provision_state':
    case 'target_provision_state':
      return stateName(node[name], microversion)
    case 'last_error':
    case 'maintenance_reason':
      return node[name] === null ? null : maskedText(node[name])
    default:
      return node[name]
  }
}

/** A signed URL is a credential, so the image's is hidden wherever it stands. */
function instanceInfo(node: NodeRecord, secretKeys: ReadonlySet<string>): Record<string, unknown> {
  const info = masked(node.instance_info, secretKeys)
  return 'image_url' in info ? { ...info, image_url: mask } : info
}

/** State names as older clients know them. */
export function stateName(state: string | null, microversion: number): string | null {
  if (state === 'available' && microversion < 2) return null
  if (state === 'inspect wait' && microversion < 39) return 'inspecting'
  return state
}

export function portView(port: PortRecord, view: View): Record<string, unknown> {
  const wanted = view.fields && new Set(view.fields)
  const shown: Record<string, unknown> = {}
  for (const [name, { since }] of portNames) {
    if (view.microversion < since || (wanted && !wanted.has(name))) continue
    shown[name] = name === 'internal_info' ? masked(port[name]) : port[name]
  }
  return { ...shown, links: links(view.base, 'ports', port.uuid) }
}

type Known = Readonly<Record<string, { since: number }>>
const linksKnown = Object.fromEntries(Object.entries(nodeLinks).map(([name, since]) => [name, { since }]))
const knownNodeFields: Known = { ...nodeFields, ...linksKnown }
const knownPortFields: Known = { ...portFields, links: { since: 1 } }

/** Fault invalid for a field that is none, not_acceptable for one that is newer than the request. */
function checkFields(fields: readonly string[] | undefined, known: Known, microversion: number): void {
  for (const field of fields ?? []) {
    const since = Object.hasOwn(known, field) ? known[field]?.since : undefined
    if (since === undefined) throw new Fault('invalid', `Field ${field.slice(0, 64)} is not a valid field.`)
    if (microversion < since) throw tooNew(since)
  }
}

export const checkNodeFields = (fields: readonly string[] | undefined, microversion: number): void =>
  checkFields(fields, knownNodeFields, microversion)
export const checkPortFields = (fields: readonly string[] | undefined, microversion: number): void =>
  checkFields(fields, knownPortFields, microversion)

/** Sorting by a field that the version does not know is refused like showing it. */
export function checkSortKey(key: string | undefined, what: 'node' | 'port', microversion: number): void {
  if (key === undefined || key === 'id') return
  const known = what === 'node' ? nodeFields : portFields
  const field = Object.hasOwn(known, key) ? (known as Known)[key] : undefined
  if (!field) throw new Fault('invalid', `The sort_key value ${key.slice(0, 64)} is an invalid field for sorting`)
  if (microversion < field.since) throw tooNew(field.since)
}
