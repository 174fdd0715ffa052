import { interfaceTypes } from '@ferrite/shared/contracts/nodes'
import { booleanFrom } from '../query.ts'

type Operation = { op?: unknown; path?: unknown; value?: unknown }

/** Rules for parts of a node; a part without one is decided by the rule for changing the node. */
const parts: Readonly<Record<string, string>> = {
  instance_info: 'baremetal:node:update_instance_info',
  instance_name: 'baremetal:node:update_instance_info',
  extra: 'baremetal:node:update_extra',
  ...Object.fromEntries(
    [
      'driver_info',
      'properties',
      'chassis_uuid',
      'instance_uuid',
      'lessee',
      'owner',
      'network_data',
      'conductor_group',
      'name',
      'retired',
      'shard',
      'parent_node',
      'disable_power_off',
    ].map((field) => [field, `baremetal:node:update:${field}`]),
  ),
  retired_reason: 'baremetal:node:update:retired',
  driver: 'baremetal:node:update:driver_interfaces',
  ...Object.fromEntries(interfaceTypes.map((type) => [`${type}_interface`, 'baremetal:node:update:driver_interfaces'])),
}

/** Operations of a body that may be a JSON patch; what is none is refused later, by what reads it. */
export const operationsOf = (body: unknown): Operation[] =>
  Array.isArray(body) ? body.filter((item): item is Operation => item !== null && typeof item === 'object') : []

export const rootOf = ({ path }: Operation): string => (typeof path === 'string' ? (path.split('/')[1] ?? '') : '')

/** Every rule that a patch of a node has to pass. */
export function nodePatchPolicies(body: unknown, provisionState: string | undefined): string[] {
  const operations = operationsOf(body)
  const rules = operations.map((operation) => {
    const root = rootOf(operation)
    if (root === 'automated_clean' && booleanFrom(operation.value) === false) return 'baremetal:node:disable_cleaning'
    return Object.hasOwn(parts, root) ? parts[root] : 'baremetal:node:update'
  })
  const owned = operations.some((operation) => rootOf(operation) === 'owner') && provisionState === 'active'
  return [
    ...new Set([
      ...(rules.length === 0 ? ['baremetal:node:update'] : rules.map((rule) => rule ?? 'baremetal:node:update')),
      ...(owned ? ['baremetal:node:update_owner_provisioned'] : []),
    ]),
  ]
}
