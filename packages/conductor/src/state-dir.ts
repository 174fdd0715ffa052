import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@ferrite/shared/fault'

/**
 * Makes the state directory (mode 0700) and holds it for this process: two conductors on one database would each take
 * the other's leases for those of a former life. Fault conflict when another has it, invalid when it cannot be used.
 */
export function holdStateDir(directory: string): Disposable {
  try {
    make(directory)
    return hold(directory)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('invalid', `cannot use the state directory ${directory}`, { cause })
  }
}

// Not mkdir's own recursion: it never ends where a parent exists and takes no children, as in /proc.
function make(directory: string): void {
  const code = makeOne(directory)
  if (code !== 'ENOENT' || path.dirname(directory) === directory) return
  make(path.dirname(directory))
  mkdirSync(directory, { mode: 0o700 })
}

function makeOne(directory: string): 'made' | 'ENOENT' {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'ENOENT'
    if (codeOf(error) !== 'EEXIST' || !statSync(directory).isDirectory()) throw error
  }
  return 'made'
}

/** SQLite's lock on a file of its own: the kernel frees it with the process, however that ends. */
function hold(directory: string): Disposable {
  const pidFile = path.join(directory, 'conductor.pid')
  const lock = new DatabaseSync(path.join(directory, 'conductor.lock'), { timeout: 250 })
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    if (!/locked|busy/i.test(String(cause))) throw cause
    throw new Fault('conflict', `the state directory ${directory} is in use by another conductor${pidIn(pidFile)}`)
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return { [Symbol.dispose]: () => lock.close() }
}

function pidIn(file: string): string {
  try {
    return ` (process ${Number(readFileSync(file, 'utf8'))}); stop it, or give this one a directory of its own`
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code
