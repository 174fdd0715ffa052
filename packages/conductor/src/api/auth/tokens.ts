import { statSync } from 'node:fs'
import type { Clock } from '../../core/clock.ts'
import { tokenOf, type Method } from './authenticate.ts'
import { withImplied } from './principal.ts'
import { digestOf, readTokens, tokenFile, type TokenEntry } from './token-file.ts'

const lookAgainMs = 500

/** Bearer tokens from the file that `ferrite token` keeps; what is revoked there ends here within a second. */
export function openTokens({ stateDir, clock }: { stateDir: string; clock: Clock }): Method {
  const known = watched(tokenFile(stateDir), clock)
  return {
    challenge: 'Bearer realm="Baremetal API"',
    principalOf: async (headers) => {
      const token = tokenOf(headers)
      if (token === undefined) return undefined
      // Found by its digest: nothing here compares a secret byte by byte.
      const digest = digestOf(token)
      // One that was made this moment is not known yet.
      const entry = known('now and then').get(digest) ?? known('now').get(digest)
      if (!entry || entry.expires_at <= clock.now().toISOString()) return null
      return {
        user: entry.name,
        project: entry.project,
        system: entry.project === null,
        serviceProject: false,
        roles: withImplied([entry.role]),
        via: 'token',
      }
    },
  }
}

type Look = 'now' | 'now and then'

function watched(file: string, clock: Clock): (look: Look) => ReadonlyMap<string, TokenEntry> {
  const read = () => new Map(readTokens(file).map((entry) => [entry.sha256, entry]))
  let tokens = read()
  let stamp = stampOf(file)
  let looked = clock.monotonicMs()
  return (look) => {
    const now = clock.monotonicMs()
    if (look === 'now and then' && now - looked < lookAgainMs) return tokens
    looked = now
    const fresh = stampOf(file)
    if (fresh !== stamp) {
      tokens = read()
      stamp = fresh
    }
    return tokens
  }
}

function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : ''
}
