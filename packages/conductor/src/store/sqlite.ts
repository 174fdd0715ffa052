import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { timestamp, type Clock } from '../core/clock.ts'
import { allocationStore } from './allocations.ts'
import { commit } from './commit.ts'
import type { StoreContext } from './context.ts'
import { openDatabase, textOf, type Database } from './database.ts'
import { eventsAfter, lastEventId } from './events.ts'
import { historyEntry, listHistory } from './history.ts'
import { claim, expireLeases, lock, nextDue, openWork, renew, unlock } from './locks.ts'
import { nodeDetails } from './node-details.ts'
import { createNode, deleteNode, findNode, listNodes } from './nodes.ts'
import { createPort, deletePort, findPort, listPorts, updatePort } from './ports.ts'
import { resourceStore } from './resources.ts'
import { createSealer, loadKey } from './seal.ts'
import type { Store } from './store.ts'
import { openTouches } from './touches.ts'

/** The store of a single conductor: one SQLite file in `directory`, secrets sealed with the key beside it. */
export function openSqliteStore(options: { directory: string; clock: Clock; host: string }): Store {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const file = path.join(options.directory, 'ferrite.db')
  const sealer = createSealer(loadKey(options.directory))
  keepPrivate(file)
  const db = openDatabase(file)
  const context: StoreContext = {
    db,
    sealer,
    clock: options.clock,
    host: options.host,
    stored: [],
    touches: openTouches(db),
  }
  checkKey(context)
  const listeners = new Set<(events: FerriteEvent[]) => void>()

  // Everything below is synchronous inside; what a transaction stored is told only after it has been committed.
  const told = async <T>(work: () => T): Promise<T> => {
    context.stored = []
    const result = work()
    const events = context.stored
    await db.settled()
    if (events.length > 0) for (const listener of listeners) listener(events)
    return result
  }

  const flush = async () => (await told(() => context.touches.flush()))()
  const flushing = setInterval(() => void flush().catch(failed), touchesEveryMs)
  flushing.unref()

  return {
    ...calls(context, told),
    onEvents: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(flushing)
      await flush()
      db.close()
    },
  }
}

/** SQLite gives its log and its shared memory the mode that the database has when they are made. */
function keepPrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
  for (const one of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(one)) chmodSync(one, 0o600)
}

/** How much of agents' signs of life a crash may forget. */
const touchesEveryMs = 5000
// What could not be written stays in memory and is tried again; a database that stays away is seen by readyz.
const failed = (): void => {}

type Told = <T>(work: () => T) => Promise<T>

function calls(context: StoreContext, told: Told): Omit<Store, 'onEvents' | typeof Symbol.asyncDispose> {
  const { db, sealer } = context
  return {
    trouble: async () => db.trouble() ?? (db.get('SELECT 1 AS one')?.['one'] === 1 ? undefined : 'it does not answer'),
    createNode: (node, events) => told(() => createNode(context, node, events)),
    node: async (ident) => findNode(context, ident),
    nodes: async (filter, page = {}) => listNodes(context, filter, page),
    countNodes: async (by) =>
      Object.fromEntries(
        db
          .all(`SELECT ${by} AS key, count(*) AS n FROM nodes GROUP BY ${by}`)
          .map((row) => [textOf(row, 'key'), Number(row['n'])]),
      ),
    deleteNode: (uuid) => told(() => deleteNode(context, uuid)),
    commit: (change) => told(() => commit(context, change)),
    touch: async (uuid, sign) => context.touches.touch(uuid, sign),
    configdrive: async (uuid) => {
      const sealed = db.get('SELECT content FROM configdrives WHERE node_uuid = ?', uuid)?.['content']
      return sealed instanceof Uint8Array ? new Secret(sealer.open(sealed, `configdrives|${uuid}`)) : undefined
    },
    lock: (uuid, by) => told(() => lock(context, uuid, by)),
    unlock: async (uuid, fence) => db.transaction(() => unlock(context, uuid, fence)),
    claim: (by) => told(() => claim(context, by)),
    renew: (uuid, fence, leaseMs) => told(() => renew(context, uuid, fence, leaseMs)),
    expireLeases: (owner) => told(() => expireLeases(context, owner)),
    openWork: async (uuid) => openWork(context, uuid),
    nextDue: async () => nextDue(context),
    createPort: (port, guard) => told(() => createPort(context, port, guard)),
    port: async (ident) => findPort(context, ident),
    ports: async (filter, page = {}) => listPorts(context, filter, page),
    updatePort: (uuid, set) => told(() => updatePort(context, uuid, set)),
    deletePort: (uuid) => told(() => deletePort(context, uuid)),
    resources: settling(resourceStore(context), db),
    allocations: settling(allocationStore(context), db),
    details: settling(nodeDetails(context), db),
    shards: async () =>
      db
        .all('SELECT shard, count(*) AS n FROM nodes GROUP BY shard ORDER BY shard')
        .map((row) => ({ name: row['shard'] as string | null, count: Number(row['n']) })),
    history: async (uuid, page = {}) => listHistory(context, uuid, page),
    historyEntry: async (node, uuid) => historyEntry(context, node, uuid),
    eventsAfter: async (id, limit) => eventsAfter(context, id, limit),
    lastEventId: async () => lastEventId(context),
    registerConductor: (facts) => told(() => registerConductor(context, facts)),
    conductors: async () =>
      db.all('SELECT * FROM conductors ORDER BY hostname').map((row) => ({
        hostname: textOf(row, 'hostname'),
        conductor_group: textOf(row, 'conductor_group'),
        drivers: JSON.parse(textOf(row, 'drivers')) as string[],
        created_at: textOf(row, 'created_at'),
        updated_at: textOf(row, 'updated_at'),
      })),
  }
}

/** The same calls, each answering once what it has read or written is on the disk. */
function settling<T extends object>(calls: T, db: Database): T {
  const wrapped = Object.entries(calls).map(([name, call]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    name,
    async (...args: unknown[]) => {
      const result = await call(...args)
      await db.settled()
      return result
    },
  ])
  return Object.fromEntries(wrapped) as T
}

/** Fault invalid at start when the key file is not the one that this database was written with. */
function checkKey({ db, sealer }: StoreContext): void {
  db.run('CREATE TABLE IF NOT EXISTS sentinel (sealed BLOB NOT NULL) STRICT')
  const sealed = db.get('SELECT sealed FROM sentinel')?.['sealed']
  if (!(sealed instanceof Uint8Array)) {
    db.run('INSERT INTO sentinel VALUES (?)', sealer.seal('ferrite', 'sentinel'))
    return
  }
  try {
    sealer.open(sealed, 'sentinel')
  } catch (cause) {
    throw new Fault('invalid', 'secrets.key does not belong to this database; put back the key file it was made with', {
      cause,
    })
  }
}

function registerConductor(
  { db, clock }: StoreContext,
  facts: { hostname: string; conductor_group: string; drivers: string[] },
): void {
  const now = timestamp(clock.now())
  db.run(
    `INSERT INTO conductors VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (hostname) DO UPDATE SET conductor_group = excluded.conductor_group, drivers = excluded.drivers, updated_at = excluded.updated_at`,
    facts.hostname,
    facts.conductor_group,
    JSON.stringify(facts.drivers),
    now,
    now,
  )
}
