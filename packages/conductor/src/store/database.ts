import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { explain, Fault, isFault } from '@ferrite/shared/fault'

export type Row = Record<string, SQLInputValue>

/** SQLite with prepared statements kept, and transactions that cannot nest. Calls are synchronous and short. */
export interface Database {
  all(sql: string, ...values: SQLInputValue[]): Row[]
  get(sql: string, ...values: SQLInputValue[]): Row | undefined
  /** Number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number
  lastId(): number
  /**
   * All of `work` or nothing. Transactions of one turn of the event loop reach the disk together, with one flush for all
   * of them: what came of one may be told only after `settled`.
   */
  transaction<T>(work: () => T): T
  /** Resolves once everything done so far is on the disk; Fault storage_failed when it could not be put there. */
  settled(): Promise<void>
  /** Why the newest transactions could not be put on the disk; undefined when they could. */
  trouble(): string | undefined
  close(): void
}

/** Opens the file (or ':memory:'), brings its schema up to date, refuses a newer one, and one that is damaged. */
export function openDatabase(file: string): Database {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: true, defensive: true, timeout: 5000 })
  try {
    told(() => {
      db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;')
      refuseDamage(db)
      migrate(db)
    })
  } catch (error) {
    db.close()
    throw error
  }
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (!statement) statements.set(sql, (statement = db.prepare(sql)))
    return statement
  }
  return {
    all: (sql, ...values) => told(() => prepare(sql).all(...values)),
    get: (sql, ...values) => told(() => prepare(sql).get(...values)),
    run: (sql, ...values) => told(() => Number(prepare(sql).run(...values).changes)),
    lastId: () => Number(prepare('SELECT last_insert_rowid() AS id').get()?.['id']),
    ...groups(db),
  }
}

// Before anything is read: what a damaged page holds would be taken for the truth about a machine.
function refuseDamage(db: DatabaseSync): void {
  const found = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  if (found !== 'ok') throw new Fault('storage_failed', damaged, { cause: found })
}

function groups(db: DatabaseSync): Pick<Database, 'transaction' | 'settled' | 'trouble' | 'close'> {
  let open: PromiseWithResolvers<void> | undefined
  let trouble: string | undefined
  const flush = (): void => {
    const group = open
    if (!group) return
    open = undefined
    try {
      told(() => db.exec('COMMIT'))
      trouble = undefined
      group.resolve()
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      // A full disk has rolled the transaction back before: then there is nothing to commit, and the first reason stays.
      trouble = isFault(error) ? error.message : (trouble ?? explain(error))
      group.reject(isFault(error) ? error : new Fault('storage_failed', trouble, { cause: error }))
    }
  }
  const join = (): void => {
    if (open && !db.isTransaction) flush()
    if (open) return
    told(() => db.exec('BEGIN IMMEDIATE'))
    open = Promise.withResolvers<void>()
    // Nobody may be waiting; whoever does hears of it all the same.
    open.promise.catch(() => undefined)
    setImmediate(flush)
  }
  return {
    transaction: (work) => {
      join()
      try {
        return savepoint(db, work)
      } catch (error) {
        if (isFault(error, 'storage_failed')) trouble = error.message
        throw error
      }
    },
    settled: async () => open?.promise,
    trouble: () => trouble,
    close: () => {
      flush()
      db.close()
    },
  }
}

const full = 'the disk of the state directory is full: the conductor can record nothing until there is space'
const damaged = 'the database is damaged; restore a backup of the state directory'
/** SQLite's result codes that say something about the disk, and nothing about what was asked. */
const storageFaults: Readonly<Record<number, string>> = {
  5: 'the database is locked by another program; end whatever has the file ferrite.db open',
  8: 'the database cannot be written to: its file or its disk is read-only',
  10: 'the disk of the state directory gives errors',
  11: damaged,
  13: full,
  14: 'the files of the database cannot be opened',
  26: damaged,
}

/** What `work` gives; what the disk does to it as Fault storage_failed. */
function told<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const { errcode } = cause as { errcode?: unknown }
    const message = typeof errcode === 'number' ? storageFaults[errcode & 0xff] : undefined
    throw message === undefined ? cause : new Fault('storage_failed', message, { cause })
  }
}

function savepoint<T>(db: DatabaseSync, work: () => T): T {
  db.exec('SAVEPOINT one')
  try {
    const result = work()
    db.exec('RELEASE one')
    return result
  } catch (error) {
    // A full disk ends the whole transaction by itself.
    if (db.isTransaction) db.exec('ROLLBACK TO one; RELEASE one')
    throw error
  }
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

const migrationsDirectory = path.join(import.meta.dirname, 'migrations')

/** Forward only, each in a transaction, each with its checksum, so that a changed or newer schema is noticed. */
function migrate(db: DatabaseSync): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  )
  const applied = new Map(
    (db.prepare('SELECT name, checksum FROM migrations').all() as Row[]).map((row) => [
      textOf(row, 'name'),
      textOf(row, 'checksum'),
    ]),
  )
  const files = readdirSync(migrationsDirectory)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
  const unknown = [...applied.keys()].filter((name) => !files.includes(name))
  if (unknown.length > 0) {
    throw new Fault(
      'invalid',
      `the database was written by a newer version (it has ${unknown.join(', ')}); install that version or restore a backup`,
    )
  }
  for (const name of files) {
    const sql = readFileSync(path.join(migrationsDirectory, name), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    if (applied.get(name) === checksum) continue
    if (applied.has(name)) throw new Fault('bug', `migration ${name} was changed after it had been applied`)
    transaction(db, () => {
      db.exec(sql)
      db.prepare("INSERT INTO migrations VALUES (?, ?, datetime('now'))").run(name, checksum)
    })
  }
}

/** A TEXT column's value. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column]
  if (typeof value !== 'string') throw new Fault('bug', `column ${column} holds no text`)
  return value
}
