CREATE TABLE chassis (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  description TEXT,
  extra TEXT NOT NULL DEFAULT '{}',
  created_at TEXT,
  updated_at TEXT
) STRICT;

CREATE TABLE portgroups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  address TEXT UNIQUE,
  name TEXT UNIQUE,
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  extra TEXT NOT NULL DEFAULT '{}',
  internal_info TEXT NOT NULL DEFAULT '{}',
  standalone_ports_supported INTEGER NOT NULL DEFAULT 1,
  mode TEXT NOT NULL DEFAULT 'active-backup',
  properties TEXT NOT NULL DEFAULT '{}',
  physical_network TEXT,
  category TEXT,
  dynamic_portgroup INTEGER NOT NULL DEFAULT 0,
  created_at TEXT,
  updated_at TEXT
) STRICT;
CREATE INDEX portgroups_node ON portgroups (node_uuid);

CREATE TABLE volume_connectors (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  type TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  extra TEXT NOT NULL DEFAULT '{}',
  created_at TEXT,
  updated_at TEXT,
  UNIQUE (type, connector_id)
) STRICT;
CREATE INDEX volume_connectors_node ON volume_connectors (node_uuid);

CREATE TABLE volume_targets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  volume_type TEXT NOT NULL,
  boot_index INTEGER NOT NULL,
  volume_id TEXT NOT NULL,
  properties BLOB,
  extra TEXT NOT NULL DEFAULT '{}',
  created_at TEXT,
  updated_at TEXT,
  UNIQUE (node_uuid, boot_index)
) STRICT;

CREATE TABLE allocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT UNIQUE,
  node_uuid TEXT REFERENCES nodes (uuid) ON DELETE CASCADE,
  state TEXT NOT NULL,
  last_error TEXT,
  resource_class TEXT,
  traits TEXT NOT NULL DEFAULT '[]',
  candidate_nodes TEXT NOT NULL DEFAULT '[]',
  extra TEXT NOT NULL DEFAULT '{}',
  owner TEXT,
  created_at TEXT,
  updated_at TEXT
) STRICT;
-- A node has one allocation at most.
CREATE UNIQUE INDEX allocations_node ON allocations (node_uuid) WHERE node_uuid IS NOT NULL;
CREATE INDEX allocations_state ON allocations (state);

CREATE TABLE deploy_templates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  steps BLOB,
  extra TEXT NOT NULL DEFAULT '{}',
  description TEXT,
  created_at TEXT,
  updated_at TEXT
) STRICT;

CREATE TABLE runbooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  steps BLOB,
  disable_ramdisk INTEGER NOT NULL DEFAULT 0,
  extra TEXT NOT NULL DEFAULT '{}',
  public INTEGER NOT NULL DEFAULT 0,
  owner TEXT,
  description TEXT,
  traits TEXT NOT NULL DEFAULT '[]',
  created_at TEXT,
  updated_at TEXT
) STRICT;

CREATE TABLE inspection_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  priority INTEGER NOT NULL DEFAULT 0,
  phase TEXT NOT NULL DEFAULT 'main',
  description TEXT,
  sensitive INTEGER NOT NULL DEFAULT 0,
  conditions BLOB,
  actions BLOB,
  created_at TEXT,
  updated_at TEXT
) STRICT;

-- What a node's hardware said of itself.
CREATE TABLE node_bios (
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  name TEXT NOT NULL,
  setting TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT,
  PRIMARY KEY (node_uuid, name)
) STRICT;

CREATE TABLE node_firmware (
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  component TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT,
  PRIMARY KEY (node_uuid, component)
) STRICT;

CREATE TABLE node_inventories (
  node_uuid TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
  inventory TEXT NOT NULL,
  plugin_data TEXT NOT NULL
) STRICT;

CREATE INDEX nodes_chassis ON nodes (chassis_uuid) WHERE chassis_uuid IS NOT NULL;
CREATE INDEX nodes_parent ON nodes (parent_node) WHERE parent_node IS NOT NULL;
CREATE INDEX nodes_shard ON nodes (shard);
CREATE INDEX ports_portgroup ON ports (portgroup_uuid) WHERE portgroup_uuid IS NOT NULL;
