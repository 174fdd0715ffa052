import { allocationFields } from '@ferrite/shared/contracts/allocations'
import { chassisFields } from '@ferrite/shared/contracts/chassis'
import { deployTemplateFields } from '@ferrite/shared/contracts/deploy-templates'
import { inspectionRuleFields } from '@ferrite/shared/contracts/inspection-rules'
import { portgroupFields } from '@ferrite/shared/contracts/portgroups'
import type { ResourceFields } from '@ferrite/shared/contracts/resource-fields'
import { runbookFields } from '@ferrite/shared/contracts/runbooks'
import { volumeConnectorFields, volumeTargetFields } from '@ferrite/shared/contracts/volumes'
import { kindOf, type ColumnKind } from './columns.ts'
import type { ResourceKind } from './resource-store.ts'

type Unique = { columns: readonly string[]; text: (values: readonly string[]) => string }
type User = { table: string; column: string; text: (uuid: string) => string }
type Spec = {
  title: string
  noun: string
  fields: ResourceFields
  unique?: readonly Unique[]
  /** Rows of other tables that forbid to delete one. */
  users?: readonly User[]
}

const named = (noun: string): Unique => ({
  columns: ['name'],
  text: ([name]) => `${article(noun)} ${noun} with name ${name} already exists.`,
})
const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'An' : 'A')

const specs: Record<ResourceKind, Spec> = {
  chassis: {
    title: 'Chassis',
    noun: 'chassis',
    fields: chassisFields,
    users: [
      {
        table: 'nodes',
        column: 'chassis_uuid',
        text: (uuid) => `Cannot complete the requested action because chassis ${uuid} contains nodes.`,
      },
    ],
  },
  portgroups: {
    title: 'Portgroup',
    noun: 'portgroup',
    fields: portgroupFields,
    unique: [
      named('portgroup'),
      { columns: ['address'], text: ([address]) => `A portgroup with MAC address ${address} already exists.` },
    ],
    users: [
      {
        table: 'ports',
        column: 'portgroup_uuid',
        text: (uuid) => `Cannot complete the requested action because portgroup ${uuid} contains ports.`,
      },
    ],
  },
  volume_connectors: {
    title: 'Volume connector',
    noun: 'volume connector',
    fields: volumeConnectorFields,
    unique: [
      {
        columns: ['type', 'connector_id'],
        text: ([type, id]) => `A volume connector with type ${type} and connector ID ${id} already exists.`,
      },
    ],
  },
  volume_targets: {
    title: 'Volume target',
    noun: 'volume target',
    fields: volumeTargetFields,
    unique: [
      {
        columns: ['node_uuid', 'boot_index'],
        text: ([, index]) => `A volume target with boot index '${index}' for the same node already exists.`,
      },
    ],
  },
  allocations: {
    title: 'Allocation',
    noun: 'allocation',
    fields: allocationFields,
    unique: [named('allocation')],
  },
  deploy_templates: {
    title: 'Deploy template',
    noun: 'deploy template',
    fields: deployTemplateFields,
    unique: [named('deploy template')],
  },
  runbooks: { title: 'Runbook', noun: 'runbook', fields: runbookFields, unique: [named('runbook')] },
  inspection_rules: { title: 'Rule', noun: 'rule', fields: inspectionRuleFields },
}

export type ResourceTable = Required<Spec> & {
  name: ResourceKind
  kinds: ReadonlyMap<string, ColumnKind>
  sortable: ReadonlySet<string>
  initial: Readonly<Record<string, unknown>>
}

/** One row a resource: its columns, what must be unique, and who uses it. */
export const resourceTables = Object.fromEntries(
  (Object.keys(specs) as ResourceKind[]).map((name) => [name, tableOf(name, specs[name])]),
) as Record<ResourceKind, ResourceTable>

function tableOf(name: ResourceKind, spec: Spec): ResourceTable {
  const kinds = new Map(
    Object.entries(spec.fields).map(([field, { schema, sealed, initial }]): [string, ColumnKind] => [
      field,
      sealed ? 'sealed' : initial !== null && typeof initial === 'object' ? 'json' : kindOf(schema),
    ]),
  )
  const plain = [...kinds].filter(([, kind]) => kind === 'text' || kind === 'bool').map(([field]) => field)
  const uuid: Unique = {
    columns: ['uuid'],
    text: ([value]) => `${article(spec.noun)} ${spec.noun} with UUID ${value} already exists.`,
  }
  return {
    ...spec,
    name,
    unique: [uuid, ...(spec.unique ?? [])],
    users: spec.users ?? [],
    kinds,
    sortable: new Set(['id', ...plain]),
    initial: Object.fromEntries(Object.entries(spec.fields).map(([field, { initial }]) => [field, initial])),
  }
}
