import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'

const entry = z.strictObject({
  id: z.string(),
  name: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  role: z.enum(['admin', 'manager', 'member', 'reader']),
  /** The project that the role is held in; null is the whole system. */
  project: z.string().nullable(),
  created_at: z.string(),
  expires_at: z.string(),
})
export type TokenEntry = z.infer<typeof entry>
export type TokenRole = TokenEntry['role']
const content = z.strictObject({ tokens: z.array(entry) })

export const longestDays = 90
const dayMs = 86_400_000
const prefix = 'ferrite_'

export const tokenFile = (stateDir: string): string => path.join(stateDir, 'api-tokens.json')
export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Every token that was made and not revoked, expired ones too. No file is no token. */
export function readTokens(file: string): TokenEntry[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new Fault('invalid', `cannot read the token file ${file}`, { cause: error })
  }
  const parsed = content.safeParse(text === '' ? { tokens: [] } : json(file, text))
  if (!parsed.success) throw new Fault('invalid', `the token file ${file} is damaged`, { cause: parsed.error })
  return parsed.data.tokens
}

function json(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('invalid', `the token file ${file} is damaged`, { cause })
  }
}

type NewToken = { name: string; role: TokenRole; project: string | null; days: number }

/** Makes a token. It is returned once and kept only as its SHA-256. Fault invalid, conflict when the name is taken. */
export function createToken(file: string, { name, role, project, days }: NewToken, clock: Clock): [string, TokenEntry] {
  if (!(days > 0 && days <= longestDays)) {
    throw new Fault('invalid', `a token lives more than 0 and at most ${longestDays} days, not ${days}`)
  }
  const token = prefix + clock.token()
  const now = clock.now()
  const made: TokenEntry = {
    id: randomUUID().slice(0, 8),
    name,
    sha256: digestOf(token),
    role,
    project,
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + days * dayMs).toISOString(),
  }
  change(file, (tokens) => {
    if (tokens.some((one) => one.name === name && one.expires_at > now.toISOString())) {
      throw new Fault('conflict', `there is a token named ${name} already; revoke it first or choose another name`)
    }
    return [...tokens.filter((one) => one.name !== name), made]
  })
  return [token, made]
}

/** Takes tokens back, by id or name. Fault not_found. */
export function revokeToken(file: string, ident: string): TokenEntry {
  const found = readTokens(file).find(({ id, name }) => id === ident || name === ident)
  if (!found) throw new Fault('not_found', `there is no token ${ident}; see: ferrite token list`)
  change(file, (tokens) => tokens.filter(({ id }) => id !== found.id))
  return found
}

/** One writer at a time: the new file is made under a name that only one can have, and then takes the place. */
function change(file: string, to: (tokens: TokenEntry[]) => TokenEntry[]): void {
  const next = `${file}.new`
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  let fd: number
  try {
    fd = openSync(next, 'wx', 0o600)
  } catch (cause) {
    const stale = statSync(next, { throwIfNoEntry: false })
    throw new Fault(
      'conflict',
      stale ? `somebody else is writing ${file}; if not, remove ${next}` : `cannot write beside ${file}`,
      { cause },
    )
  }
  try {
    writeSync(fd, `${JSON.stringify({ tokens: to(readTokens(file)) }, null, 2)}\n`)
    fsyncSync(fd)
    renameSync(next, file)
  } catch (error) {
    unlinkSync(next)
    throw error
  } finally {
    closeSync(fd)
  }
}
