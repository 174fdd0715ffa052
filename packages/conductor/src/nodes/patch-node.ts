import { isDeepStrictEqual } from 'node:util'
import { nodeFields, type JsonPatch, type NodeFieldName } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import { reviseNode } from './change-node.ts'
import { checkChassis } from './chassis-rules.ts'
import { changeable } from './changeable.ts'
import { pickInterfaces, type NodesContext } from './create-node.ts'
import { findNode, type Ident } from './find-node.ts'
import { applyPatch, checkRoots, readPatch, rootOf } from './json-patch.ts'
import { keepSecrets } from './keep-secrets.ts'
import { checkNodeName } from './names.ts'
import { interfaceFields, nodeInitial, patchFields, readNodeField } from './node-fields.ts'
import { checkParent } from './parent.ts'
import { checkChanges, consequences } from './patch-rules.ts'

export type PatchRequest = Ident & { body: unknown; resetInterfaces: boolean | undefined }

/** Changes a node by JSON patch, all of it or nothing. Faults are those of Ironic, in its order of checks. */
export async function patchNode(context: NodesContext, request: PatchRequest): Promise<NodeRecord> {
  const patch = readPatch(request.body, request.microversion)
  checkPatch(patch, request)
  return reviseNode(
    context.store,
    () => findNode(context.store, request),
    (node) => {
      checkMotion(node, patch, request)
      return changesOf(context, node, patch, request)
    },
  )
}

function checkPatch(patch: JsonPatch, { microversion, resetInterfaces }: PatchRequest): void {
  if (patch.some((operation) => rootOf(operation) === 'traits')) {
    throw new Fault(
      'invalid',
      'Cannot update node traits via node patch. Node traits should be updated via the node traits API.',
    )
  }
  checkRoots(patch, patchFields)
  for (const operation of patch) {
    const since = sinceOf(operation)
    if (microversion < since) {
      throw new Fault('not_acceptable', `Request not acceptable. The minimal required API version should be 1.${since}`)
    }
  }
  if (resetInterfaces && !patch.some(({ path, op }) => path === '/driver' && op !== 'remove')) {
    throw new Fault('invalid', "The reset_interfaces parameter can only be used when changing the node's driver.")
  }
}

const chassisRemovedSince = 25

function sinceOf(operation: JsonPatch[number]): number {
  if (operation.op === 'remove' && operation.path === '/chassis_uuid') return chassisRemovedSince
  return nodeFields[rootOf(operation) as NodeFieldName].since
}

function checkMotion(node: NodeRecord, patch: JsonPatch, { ident, microversion }: PatchRequest): void {
  const [first] = patch
  const releasesInstance = patch.length === 1 && first?.op === 'remove' && first.path === '/instance_uuid'
  if (node.maintenance && releasesInstance) return
  if (node.target_provision_state !== null && !changeable.has(node.provision_state)) {
    throw new Fault('invalid_state', `Node ${ident} can not be updated while a state transition is in progress.`)
  }
  if (node.provision_state === 'inspecting' && microversion >= 39) {
    throw new Fault('invalid_state', `Cannot update node "${node.uuid}" while it is in state "inspecting".`)
  }
}

async function changesOf(
  context: NodesContext,
  node: NodeRecord,
  patch: JsonPatch,
  request: PatchRequest,
): Promise<NodeChanges> {
  const before = Object.fromEntries(patchFields.map((name) => [name, node[name as keyof NodeRecord]]))
  const after = applyPatch(before, patch, nodeInitial)
  const touched = [...new Set(patch.map(rootOf))] as NodeFieldName[]
  const set: Record<string, unknown> = {}
  for (const name of touched) {
    const value = name === 'parent_node' ? await checkParent(context.store, after[name], node.uuid) : after[name]
    const kept =
      name === 'driver_info' || name === 'instance_info' ? keepSecrets(before[name], value, `/${name}`) : value
    const read = readNodeField(name, kept)
    if (!same(read, before[name])) set[name] = read
  }
  if (typeof after['name'] === 'string' && touched.includes('name')) {
    checkNodeName(
      after['name'],
      request.microversion,
      (name) => `Node ${request.ident}: Cannot change name to invalid name '${name}'`,
    )
  }
  await checkChassis(context.store, set['chassis_uuid'])
  checkChanges(node, set)
  return { ...set, ...interfaceChanges(context, node, set, request), ...consequences(node, set) }
}

function interfaceChanges(
  { drivers }: NodesContext,
  node: NodeRecord,
  set: Record<string, unknown>,
  { resetInterfaces }: PatchRequest,
): NodeChanges {
  const named = pickInterfaces(set)
  if (set['driver'] === undefined && Object.keys(named).length === 0) return {}
  const kept = resetInterfaces ? {} : pickInterfaces(node)
  const resolved = drivers.resolve(typeof set['driver'] === 'string' ? set['driver'] : node.driver, {
    ...kept,
    ...named,
  })
  return Object.fromEntries(interfaceFields.map((name) => [name, resolved[name]]))
}

const same = (a: unknown, b: unknown): boolean =>
  a === b || isDeepStrictEqual(JSON.parse(JSON.stringify(a ?? null)), JSON.parse(JSON.stringify(b ?? null)))
