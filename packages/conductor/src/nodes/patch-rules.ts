import { Fault } from '@ferrite/shared/fault'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import { interfaceFields } from './node-fields.ts'
import { checkRelease } from './release-rules.ts'

type Changes = Readonly<Record<string, unknown>>
const settled = ['enroll', 'inspecting', 'inspect wait', 'manageable', 'available']
const maxFieldBytes = 1024 * 1024

/** What a node's state forbids to change. `changes` holds only fields that really change. */
export function checkChanges(node: NodeRecord, changes: Changes): void {
  checkAssociation(node, changes)
  checkProtected(node, changes)
  checkRetired(node, changes)
  checkSettled(node, changes)
  if (changes['driver'] !== undefined && node.console_enabled) {
    throw new Fault(
      'conflict',
      `Node ${node.uuid} can not update the driver while the console is enabled. Please stop the console first.`,
    )
  }
  for (const [name, value] of Object.entries(changes)) {
    if (JSON.stringify(value).length > maxFieldBytes) {
      throw new Fault('too_large', `${name} would be larger than ${maxFieldBytes} bytes`)
    }
  }
}

function checkAssociation(node: NodeRecord, changes: Changes): void {
  if (changes['instance_uuid'] && node.instance_uuid) {
    throw new Fault('node_associated', `Node ${node.uuid} is associated with instance ${node.instance_uuid}.`)
  }
  // Taking the instance away ends the allocation that it stands for.
  if (changes['instance_uuid'] === null && node.allocation_uuid) checkRelease(node, node.allocation_uuid)
}

function checkProtected(node: NodeRecord, changes: Changes): void {
  if (changes['protected'] === true && node.provision_state !== 'active' && node.provision_state !== 'rescue') {
    throw new Fault(
      'invalid_state',
      `Node ${node.uuid} can only be made protected in provision states 'active' or 'rescue', the current state is '${node.provision_state}'`,
    )
  }
  if (changes['protected_reason'] && !(changes['protected'] ?? node.protected)) {
    throw new Fault('invalid', 'The protected_reason field can only be set when protected is True')
  }
}

function checkRetired(node: NodeRecord, changes: Changes): void {
  if (changes['retired'] === true && node.provision_state === 'available') {
    throw new Fault(
      'invalid_state',
      `Node ${node.uuid} can not have 'retired' set in provision state 'available', the current state is 'available'`,
    )
  }
  if (changes['retired_reason'] && !(changes['retired'] ?? node.retired)) {
    throw new Fault('invalid', 'The retired_reason field can only be set when retired is True')
  }
}

function checkSettled(node: NodeRecord, changes: Changes): void {
  if (settled.includes(node.provision_state)) return
  const named = interfaceFields.find((name) => changes[name] !== undefined)
  if (named && !node.maintenance) throw unsettled(node, named, 'states or in maintenance mode')
  if (changes['resource_class'] !== undefined && node.resource_class) throw unsettled(node, 'resource_class', 'states')
}

const unsettled = (node: NodeRecord, field: string, where: string): Fault =>
  new Fault(
    'invalid_state',
    `Node ${node.uuid} can not have ${field} updated unless it is in one of allowed (${settled.join(', ')}) ${where}. Current state is '${node.provision_state}'.`,
  )

/** What follows from a change: a reason falls with what it explained. */
export function consequences(node: NodeRecord, changes: Changes): NodeChanges {
  const also: NodeChanges = {}
  if (changes['maintenance'] === false) Object.assign(also, { maintenance_reason: null, fault: null })
  if (changes['protected'] === false) also.protected_reason = null
  if (changes['retired'] === false) also.retired_reason = null
  const info = changes['instance_info'] as Record<string, unknown> | undefined
  const shown = info?.['display_name']
  if (typeof shown === 'string' && shown.length <= 255 && !node.instance_name && !changes['instance_name']) {
    also.instance_name = shown
  }
  return also
}
