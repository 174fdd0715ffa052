CREATE TABLE nodes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT UNIQUE,
  created_at TEXT,
  updated_at TEXT,
  driver TEXT NOT NULL,
  driver_info BLOB,
  properties TEXT NOT NULL DEFAULT '{}',
  extra TEXT NOT NULL DEFAULT '{}',
  instance_info BLOB,
  instance_uuid TEXT UNIQUE,
  chassis_uuid TEXT,
  maintenance INTEGER NOT NULL DEFAULT 0,
  maintenance_reason TEXT,
  fault TEXT,
  power_state TEXT,
  target_power_state TEXT,
  provision_state TEXT NOT NULL,
  target_provision_state TEXT,
  provision_updated_at TEXT,
  last_error TEXT,
  reservation TEXT,
  console_enabled INTEGER NOT NULL DEFAULT 0,
  clean_step TEXT NOT NULL DEFAULT '{}',
  deploy_step TEXT NOT NULL DEFAULT '{}',
  service_step TEXT NOT NULL DEFAULT '{}',
  inspection_started_at TEXT,
  inspection_finished_at TEXT,
  raid_config TEXT NOT NULL DEFAULT '{}',
  target_raid_config TEXT NOT NULL DEFAULT '{}',
  network_interface TEXT,
  resource_class TEXT,
  boot_interface TEXT,
  console_interface TEXT,
  deploy_interface TEXT,
  inspect_interface TEXT,
  management_interface TEXT,
  power_interface TEXT,
  raid_interface TEXT,
  vendor_interface TEXT,
  storage_interface TEXT,
  rescue_interface TEXT,
  bios_interface TEXT,
  firmware_interface TEXT,
  traits TEXT NOT NULL DEFAULT '[]',
  conductor_group TEXT NOT NULL DEFAULT '',
  automated_clean INTEGER,
  protected INTEGER NOT NULL DEFAULT 0,
  protected_reason TEXT,
  conductor TEXT,
  owner TEXT,
  description TEXT,
  allocation_uuid TEXT,
  retired INTEGER NOT NULL DEFAULT 0,
  retired_reason TEXT,
  lessee TEXT,
  network_data TEXT NOT NULL DEFAULT '{}',
  boot_mode TEXT,
  secure_boot INTEGER,
  shard TEXT,
  parent_node TEXT,
  disable_power_off INTEGER NOT NULL DEFAULT 0,
  instance_name TEXT,
  health TEXT,
  internal TEXT NOT NULL DEFAULT '{}',
  agent_token BLOB,
  revision INTEGER NOT NULL DEFAULT 0,
  lock_epoch INTEGER NOT NULL DEFAULT 0,
  lock_until TEXT,
  reservation_purpose TEXT
) STRICT;
CREATE INDEX nodes_provision_state ON nodes (provision_state);
CREATE INDEX nodes_resource_class ON nodes (resource_class);

CREATE TABLE ports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL UNIQUE,
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  extra TEXT NOT NULL DEFAULT '{}',
  created_at TEXT,
  updated_at TEXT,
  internal_info TEXT NOT NULL DEFAULT '{}',
  local_link_connection TEXT NOT NULL DEFAULT '{}',
  pxe_enabled INTEGER NOT NULL DEFAULT 1,
  portgroup_uuid TEXT,
  physical_network TEXT,
  is_smartnic INTEGER NOT NULL DEFAULT 0,
  name TEXT UNIQUE,
  description TEXT,
  vendor TEXT,
  category TEXT,
  available_for_dynamic_portgroup INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX ports_node ON ports (node_uuid);

-- A node is serial by construction: at most one open piece of work.
CREATE TABLE work (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  node_uuid TEXT NOT NULL UNIQUE REFERENCES nodes (uuid) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  args TEXT NOT NULL DEFAULT '{}',
  due_at TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  request_id TEXT
) STRICT;
CREATE INDEX work_due ON work (due_at);

CREATE TABLE configdrives (
  node_uuid TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  node_uuid TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  severity TEXT NOT NULL,
  event_type TEXT NOT NULL,
  event TEXT NOT NULL,
  conductor TEXT,
  user TEXT,
  project TEXT,
  state TEXT,
  target_provision_state TEXT,
  duration_seconds REAL
) STRICT;
CREATE INDEX history_node ON history (node_uuid, id);

-- Events outlive their nodes.
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  node_uuid TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE conductors (
  hostname TEXT PRIMARY KEY,
  conductor_group TEXT NOT NULL,
  drivers TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
