import { timestamp } from '../core/clock.ts'
import type { StoreContext } from './context.ts'
import { textOf } from './database.ts'
import type { BiosSetting, FirmwareComponent, NodeDetails } from './resource-store.ts'

export function nodeDetails(context: StoreContext): NodeDetails {
  const { db } = context
  return {
    bios: async (uuid) => read<BiosSetting>(context, 'node_bios', 'name', 'setting', uuid),
    setBios: async (uuid, settings, { whole = false } = {}) =>
      db.transaction(() => {
        const kept = JSON.stringify(settings.map(({ name }) => name))
        if (whole) {
          const gone = 'name NOT IN (SELECT value FROM json_each(?))'
          db.run(`DELETE FROM node_bios WHERE node_uuid = ? AND ${gone}`, uuid, kept)
        }
        for (const { name, ...rest } of settings) put(context, 'node_bios', 'name', 'setting', [uuid, name, rest])
      }),
    firmware: async (uuid) => read<FirmwareComponent>(context, 'node_firmware', 'component', 'body', uuid),
    setFirmware: async (uuid, components) =>
      db.transaction(() => {
        for (const { component, ...rest } of components) {
          put(context, 'node_firmware', 'component', 'body', [uuid, component, rest])
        }
      }),
    inventory: async (uuid) => {
      const row = db.get('SELECT inventory, plugin_data FROM node_inventories WHERE node_uuid = ?', uuid)
      return (
        row && { inventory: JSON.parse(textOf(row, 'inventory')), plugin_data: JSON.parse(textOf(row, 'plugin_data')) }
      )
    },
    setInventory: async (uuid, { inventory, plugin_data }) => {
      db.run(
        'INSERT OR REPLACE INTO node_inventories (node_uuid, inventory, plugin_data) VALUES (?, ?, ?)',
        uuid,
        JSON.stringify(inventory),
        JSON.stringify(plugin_data),
      )
    },
  }
}

type Table = 'node_bios' | 'node_firmware'
type Dated<T> = T & { created_at: string; updated_at: string | null }

const read = <T>({ db }: StoreContext, table: Table, key: string, body: string, uuid: string): Dated<T>[] =>
  db.all(`SELECT * FROM ${table} WHERE node_uuid = ? ORDER BY ${key}`, uuid).map((row) => ({
    ...(JSON.parse(textOf(row, body)) as T),
    [key]: textOf(row, key),
    created_at: textOf(row, 'created_at'),
    updated_at: (row['updated_at'] ?? null) as string | null,
  }))

// What does not change keeps its time.
function put(context: StoreContext, table: Table, key: string, body: string, row: [string, string, object]): void {
  const [uuid, name, content] = row
  const now = timestamp(context.clock.now())
  context.db.run(
    `INSERT INTO ${table} (node_uuid, ${key}, ${body}, created_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (node_uuid, ${key}) DO UPDATE SET ${body} = excluded.${body}, updated_at = excluded.created_at
      WHERE ${body} <> excluded.${body}`,
    uuid,
    name,
    JSON.stringify(content),
    now,
  )
}
