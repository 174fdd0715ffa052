import { timingSafeEqual, createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import type { Secret } from '@ferrite/shared/secret'
import type { Clock } from '../clock.ts'

export type GateOptions = { token: () => Secret | undefined; clock: Clock; log: Logger }
export type Knock = { method: string; token: unknown; fence: unknown; source: string }

/** Who may use the commands. */
export interface Gate {
  /** Fault unauthorized, too_many_requests, or conflict for a conductor whose claim is older than one seen. */
  admit(knock: Knock): void
}

const windowMs = 60_000
const badTokensAllowed = 20

/**
 * POST needs the agent's token. GET needs it once a GET has brought it: Ironic 21.4 reads results without one, newer ones
 * always bring it. While the agent has no token nobody is admitted.
 */
export function createGate({ token, clock, log }: GateOptions): Gate {
  const refusals = new Map<string, { since: number; count: number }>()
  let readsNeedToken = false
  let fenceSeen = -1

  function refusedOften(source: string): boolean {
    const record = refusals.get(source)
    if (!record) return false
    if (clock.monotonicMs() - record.since < windowMs) return record.count >= badTokensAllowed
    refusals.delete(source)
    return false
  }

  function refuse(source: string, given: unknown): never {
    if (given !== undefined) {
      const record = refusals.get(source) ?? { since: clock.monotonicMs(), count: 0 }
      record.count += 1
      if (refusals.size < 10_000) refusals.set(source, record)
      if (record.count === badTokensAllowed) log.warn({ source }, 'too many wrong tokens, refusing this source')
    }
    throw new Fault('unauthorized', '401 Unauthorized: Token invalid.')
  }

  return {
    admit({ method, token: given, fence, source }) {
      if (refusedOften(source)) throw new Fault('too_many_requests', 'Too many wrong tokens; wait a minute.')
      const known = token()
      const isRead = method === 'GET' || method === 'HEAD'
      if (!known) refuse(source, undefined)
      if (isRead && given === undefined && !readsNeedToken) return
      if (typeof given !== 'string' || !isEqual(given, known.reveal())) refuse(source, given)
      if (isRead) readsNeedToken = true
      const claim = typeof fence === 'string' && /^\d{1,15}$/.test(fence) ? Number(fence) : undefined
      if (claim === undefined) return
      if (claim < fenceSeen) {
        throw new Fault(
          'conflict',
          `Fenced: a conductor with the newer claim ${fenceSeen} commands this agent, claim ${claim} is refused`,
        )
      }
      fenceSeen = claim
    },
  }
}

/** In constant time, whatever the lengths. */
const isEqual = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b))
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
