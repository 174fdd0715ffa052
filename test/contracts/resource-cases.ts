type Body = Record<string, unknown>

/** What one resource is like, for the tests that are made for all of them. */
export type ResourceCase = {
  path: string
  list: string
  since: number
  patchSince?: number
  /** What a client that is too old is told when it reads, and when it writes. */
  tooOld: { read: number; write: number }
  /** The body of the nth one. `node` is the uuid of a node that is powered off. */
  body(n: number, node: string): Body
  required: readonly string[]
  /** Shown by lists without being asked. */
  short: readonly string[]
  /** Filters that find exactly `mine`, and their microversion when it is newer than the resource's. */
  filters: readonly { query: (mine: Body) => string; since?: number }[]
  sortKey: string
  unsortable: string
  patched: readonly [field: string, value: unknown]
  /** A field that can be removed, and what it is then. */
  removable: readonly [field: string, initial: unknown]
  /** A body that collides with `mine`. */
  collides?: (mine: Body, node: string) => Body
  wrong: readonly Body[]
  /** Fields that came later: name, value, microversion. */
  newer: readonly (readonly [field: string, value: unknown, since: number])[]
  named: boolean
}

const mac = (n: number) => `52:54:00:aa:00:${(n % 256).toString(16).padStart(2, '0')}`
const step = { interface: 'bios', step: 'apply_configuration', args: {} }
const rule = { op: 'set-attribute', args: { path: '/properties/cpus', value: '1' } }
const writesAreUnknown = { read: 404, write: 405 }

export const resourceCases: readonly ResourceCase[] = [
  {
    path: '/v1/chassis',
    list: 'chassis',
    since: 1,
    tooOld: { read: 404, write: 404 },
    body: (n) => ({ description: `rack ${n}` }),
    required: [],
    short: ['uuid', 'description'],
    filters: [],
    sortKey: 'description',
    unsortable: 'extra',
    patched: ['description', 'moved'],
    removable: ['description', null],
    wrong: [{ description: 'x'.repeat(256) }, { extra: 'text' }, { uuid: 'no' }],
    newer: [],
    named: false,
  },
  {
    path: '/v1/portgroups',
    list: 'portgroups',
    since: 23,
    tooOld: { read: 404, write: 404 },
    body: (n, node) => ({ node_uuid: node, address: mac(n), name: `bond-${n}` }),
    required: ['node_uuid'],
    short: ['uuid', 'address', 'name'],
    filters: [
      { query: ({ address }) => `address=${String(address)}` },
      { query: () => 'node=of-resources', since: 24 },
      { query: () => 'shard=s1', since: 106 },
    ],
    sortKey: 'name',
    unsortable: 'properties',
    patched: ['properties', { miimon: 100 }],
    removable: ['address', null],
    collides: ({ address }, node) => ({ node_uuid: node, address }),
    wrong: [{ address: 'nonsense' }, { name: 'bad name' }, { mode: 4 }, { standalone_ports_supported: 'perhaps' }],
    newer: [
      ['mode', '802.3ad', 26],
      ['properties', { miimon: 1 }, 26],
      ['physical_network', 'p', 102],
      ['category', 'c', 103],
    ],
    named: true,
  },
  {
    path: '/v1/volume/connectors',
    list: 'connectors',
    since: 32,
    tooOld: { read: 404, write: 404 },
    body: (n, node) => ({ node_uuid: node, type: 'iqn', connector_id: `iqn.2017-07.org.ferrite:${n}` }),
    required: ['node_uuid', 'type', 'connector_id'],
    short: ['uuid', 'node_uuid', 'type', 'connector_id'],
    filters: [{ query: () => 'node=of-resources' }],
    sortKey: 'connector_id',
    unsortable: 'extra',
    patched: ['connector_id', 'iqn.2017-07.org.ferrite:patched'],
    removable: ['extra', {}],
    collides: ({ type, connector_id }, node) => ({ node_uuid: node, type, connector_id }),
    wrong: [{ type: 7 }, { connector_id: '' }, { node_uuid: '5c9dcd04-2073-49bc-9618-99ae634d8971' }],
    newer: [],
    named: false,
  },
  {
    path: '/v1/volume/targets',
    list: 'targets',
    since: 32,
    tooOld: { read: 404, write: 404 },
    body: (n, node) => ({ node_uuid: node, volume_type: 'iscsi', boot_index: n, volume_id: `v-${n}` }),
    required: ['node_uuid', 'volume_type', 'boot_index', 'volume_id'],
    short: ['uuid', 'node_uuid', 'volume_type', 'boot_index', 'volume_id'],
    filters: [{ query: () => 'node=of-resources' }],
    sortKey: 'boot_index',
    unsortable: 'properties',
    patched: ['volume_id', 'patched'],
    removable: ['properties', {}],
    collides: ({ boot_index }, node) => ({ node_uuid: node, volume_type: 'iscsi', boot_index, volume_id: 'other' }),
    wrong: [{ boot_index: 'first' }, { boot_index: 1.5 }, { properties: [] }, { volume_id: null }],
    newer: [],
    named: false,
  },
  {
    path: '/v1/allocations',
    list: 'allocations',
    since: 52,
    patchSince: 57,
    tooOld: writesAreUnknown,
    body: (n) => ({ resource_class: 'nowhere', name: `wish-${n}` }),
    required: [],
    short: ['uuid', 'name', 'state', 'node_uuid', 'resource_class', 'traits', 'candidate_nodes', 'extra', 'last_error'],
    filters: [],
    sortKey: 'name',
    unsortable: 'traits',
    patched: ['name', 'renamed'],
    removable: ['name', null],
    collides: ({ name }) => ({ resource_class: 'nowhere', name }),
    wrong: [
      { resource_class: 'x'.repeat(81) },
      { name: 'bad name' },
      { traits: ['lower'] },
      { candidate_nodes: ['nobody'] },
      { resource_class: null },
    ],
    newer: [
      ['owner', 'somebody', 60],
      ['node', 'of-resources', 58],
    ],
    named: true,
  },
  {
    path: '/v1/deploy_templates',
    list: 'deploy_templates',
    since: 55,
    tooOld: writesAreUnknown,
    body: (n) => ({ name: `CUSTOM_TEMPLATE_${n}`, steps: [{ ...step, priority: 150 }] }),
    required: ['name', 'steps'],
    short: ['uuid', 'name'],
    filters: [],
    sortKey: 'name',
    unsortable: 'steps',
    patched: ['steps', [{ ...step, priority: 10 }]],
    removable: ['extra', {}],
    collides: ({ name }) => ({ name, steps: [{ ...step, priority: 1 }] }),
    wrong: [
      { name: 'no trait' },
      { steps: [] },
      { steps: [step] },
      { steps: [{ ...step, priority: -1 }] },
      { steps: [{ ...step, priority: 1, more: true }] },
      { steps: [{ ...step, interface: 'boot', priority: 1 }] },
      { steps: [1, 2].map((priority) => ({ ...step, priority })) },
    ],
    newer: [],
    named: true,
  },
  {
    path: '/v1/runbooks',
    list: 'runbooks',
    since: 92,
    tooOld: writesAreUnknown,
    body: (n) => ({ name: `CUSTOM_RUNBOOK_${n}`, steps: [{ ...step, order: 1 }] }),
    required: ['name', 'steps'],
    short: ['uuid', 'name'],
    filters: [],
    sortKey: 'name',
    unsortable: 'steps',
    patched: ['public', true],
    removable: ['owner', null],
    collides: ({ name }) => ({ name, steps: [{ ...step, order: 1 }] }),
    wrong: [{ name: 'a b' }, { steps: [{ ...step }] }, { steps: [] }, { public: 'perhaps' }, { traits: ['CUSTOM_A'] }],
    newer: [['description', 'what it does', 112]],
    named: true,
  },
  {
    path: '/v1/inspection_rules',
    list: 'inspection_rules',
    since: 96,
    tooOld: writesAreUnknown,
    body: (n) => ({ description: `rule ${n}`, actions: [rule] }),
    required: ['actions'],
    short: ['uuid', 'priority', 'phase', 'description'],
    filters: [],
    sortKey: 'description',
    unsortable: 'actions',
    patched: ['priority', 100],
    removable: ['description', null],
    wrong: [
      { actions: [] },
      { actions: [{ op: 'explode', args: {} }] },
      { actions: [{ op: 'set-attribute', args: { path: '/x' } }] },
      { conditions: [{ op: 'eq', args: { nothing: 1 } }] },
      { conditions: [{ op: 'guess', args: {} }] },
      { priority: 10_000 },
      { priority: -1 },
      { phase: 'later' },
    ],
    newer: [],
    named: false,
  },
]
