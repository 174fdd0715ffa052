import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { Fault } from '@ferrite/shared/fault'
import type { Config } from '../../config.ts'
import type { Clock } from '../../core/clock.ts'
import type { Method } from './authenticate.ts'
import { openPasswordChecks } from './password-checks.ts'
import { withImplied } from './principal.ts'

const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const costs = { least: 4, most: 14 }
const lookAgainMs = 2000
const mostRemembered = 1000
// For a file without users.
const nobody = '$2y$05$I5a.cr0UPyUO78BLqwwb0OQnsSgL0qZeIet/ZCYmLgd/hNOkyzgtq'

/** Users with their bcrypt hashes, as `htpasswd -B` writes them. Fault invalid names the line that is none. */
export function readHtpasswd(file: string): ReadonlyMap<string, string> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('invalid', `cannot read the users' file ${file} (setting http_basic_file)`, { cause })
  }
  const users = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const hash = line.slice(colon + 1).trim()
    const cost = Number(bcrypt.exec(hash)?.[1])
    if (colon < 1 || !(cost >= costs.least && cost <= costs.most)) {
      throw new Fault(
        'invalid',
        `line ${index + 1} of ${file} is no user with a bcrypt hash of cost ${costs.least} to ${costs.most}; make one with: htpasswd -B -n NAME`,
      )
    }
    users.set(line.slice(0, colon), hash)
  }
  return users
}

/** HTTP basic against a users' file, which is read again when it has changed. */
export function openHtpasswd(config: Config, clock: Clock): Method {
  const file = config.http_basic_file
  if (file === undefined) throw new Fault('invalid', 'setting auth has http_basic, but http_basic_file names no file')
  const checks = openPasswordChecks()
  const users = watched(file, clock)
  const roles = withImplied([config.http_basic_role])
  // A password that was right is remembered by a keyed digest, so that not every request costs a bcrypt.
  const key = randomBytes(32)
  const remembered = new Set<string>()
  return {
    challenge: 'Basic realm="Baremetal API"',
    principalOf: async ({ authorization }) => {
      const given = typeof authorization === 'string' ? readBasic(authorization) : undefined
      if (!given) return undefined
      const hash = users().get(given.user)
      const digest = createHmac('sha256', key)
        .update(JSON.stringify([given.user, given.password, hash]))
        .digest('base64')
      if (!remembered.has(digest)) {
        // An unknown user costs as much as a known one, so that the time does not tell them apart.
        const right = await checks.verify(given.password, hash ?? users().values().next().value ?? nobody)
        if (!right || hash === undefined) return null
        if (remembered.size >= mostRemembered) remembered.clear()
        remembered.add(digest)
      }
      return { user: given.user, project: null, system: true, serviceProject: false, roles, via: 'http_basic' }
    },
    close: () => checks.close(),
  }
}

function watched(file: string, clock: Clock): () => ReadonlyMap<string, string> {
  let users = readHtpasswd(file)
  let stamp = stampOf(file)
  let looked = clock.monotonicMs()
  return () => {
    const now = clock.monotonicMs()
    if (now - looked < lookAgainMs) return users
    looked = now
    const fresh = stampOf(file)
    // A file that vanished or cannot be read lets nobody in who was not in before: the last good one stands.
    if (fresh !== undefined && fresh !== stamp) {
      users = readHtpasswd(file)
      stamp = fresh
    }
    return users
  }
}

function stampOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && `${found.ino} ${found.mtimeMs} ${found.size}`
}

function readBasic(authorization: string): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/=]{1,4096})$/i.exec(authorization) ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
