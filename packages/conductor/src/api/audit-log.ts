import { createHash } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'

export type AuditRecord = Readonly<Record<string, unknown>>
export type AuditLog = {
  /** Appends one line; it is with the kernel when this returns. */
  append(record: AuditRecord): void
  close(): void
}

export const auditFile = (stateDir: string): string => path.join(stateDir, 'audit.jsonl')
const none = '0'.repeat(64)
const tailBytes = 64 * 1024

/** The append-only record of deeds. Each line carries the digest of the one before, so that none can be changed or taken out unseen. */
export function openAuditLog(stateDir: string): AuditLog {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const file = auditFile(stateDir)
  let fd: number
  try {
    fd = openSync(file, 'a+', 0o640)
  } catch (cause) {
    throw new Fault('invalid', `cannot write the audit log ${file}`, { cause })
  }
  const last = lastLine(fd)
  // A line that a crash or a full disk cut off stays where it is, ended, so that the next one is whole.
  let { seq, hash, cut } = last
  return {
    append: (record) => {
      const line = JSON.stringify({ seq: seq + 1, ...record, prev: hash })
      const bytes = Buffer.from(`${cut ? '\n' : ''}${line}\n`)
      cut = true
      const written = writeSync(fd, bytes)
      if (written < bytes.length) throw new Fault('storage_failed', `only a part of a line went into ${file}`)
      cut = false
      seq += 1
      hash = digest(line)
    },
    close: () => closeSync(fd),
  }
}

const digest = (line: string): string => createHash('sha256').update(line).digest('hex')

function lastLine(fd: number): { seq: number; hash: string; cut: boolean } {
  const { size } = fstatSync(fd)
  const tail = Buffer.alloc(Math.min(size, tailBytes))
  readSync(fd, tail, 0, tail.length, size - tail.length)
  const text = tail.toString('utf8')
  const line = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? ''
  const seq = /^\{"seq":(\d+),/.exec(line)?.[1]
  return { seq: Number(seq ?? 0), hash: seq === undefined ? none : digest(line), cut: size > 0 && !text.endsWith('\n') }
}

export type Verdict = { lines: number; broken: { line: number; reason: string } | undefined }

/** Reads the log of a state directory and follows its chain. Lines that a crash cut off are passed over. */
export async function verifyAuditLog(file: string): Promise<Verdict> {
  const lines = (await readLog(file)).split('\n').slice(0, -1)
  let hash = none
  let seq = 0
  for (const [index, line] of lines.entries()) {
    const record = parse(line)
    // Cut off: the chain goes on from the line before it.
    if (!record) continue
    if (record['prev'] !== hash) return broken(lines, index, 'it does not follow from the line before')
    if (record['seq'] !== seq + 1) return broken(lines, index, 'its number is not the next')
    hash = digest(line)
    seq += 1
  }
  return { lines: seq, broken: undefined }
}

async function readLog(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('not_found', `cannot read the audit log ${file}`, { cause })
  }
}

const broken = (lines: readonly string[], index: number, reason: string): Verdict => ({
  lines: lines.length,
  broken: { line: index + 1, reason },
})

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined // half a line, from a crash
  }
}
