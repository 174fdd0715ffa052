import type { Logger } from 'pino'
import { Fault, explain, isFault } from '@ferrite/shared/fault'
import type { Clock } from './clock.ts'
import type { ConductorClient, Found } from './conductor-client.ts'

export type LookupOptions = {
  client: Pick<ConductorClient, 'lookup'>
  addresses: readonly string[]
  /** Known from an inspection. */
  nodeUuid?: string | undefined
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** 0 or less: one try. */
  timeoutMs: number
  intervalMs: number
}

const maxIntervalMs = 60_000
const conflictPausesMs = [5_000, 10_000, 30_000]

/**
 * Asks who we are until somebody knows. Waits are random and grow from `intervalMs` to a minute; a locked node is asked
 * again after 5, 10 and 30 seconds. Fault lookup_failed with the last reason when the time is over.
 */
export async function lookUp(options: LookupOptions): Promise<Found> {
  const { clock, timeoutMs, intervalMs, signal, log, addresses } = options
  if (addresses.length === 0) throw new Fault('lookup_failed', 'no network interface with a MAC address was found')
  const begun = clock.monotonicMs()
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await oneTry(options)
    } catch (cause) {
      signal.throwIfAborted()
      const elapsedMs = clock.monotonicMs() - begun
      if (elapsedMs >= timeoutMs) {
        throw new Fault('lookup_failed', `the lookup of ${addresses.join(', ')} was given up`, { cause })
      }
      const ceiling = Math.min(maxIntervalMs, intervalMs * 2 ** Math.min(attempt, 16))
      const pauseMs = Math.max(intervalMs, clock.between(0, ceiling))
      log.warn({ err: explain(cause), pauseMs: Math.round(pauseMs) }, 'lookup failed, trying again')
      await clock.sleep(Math.min(pauseMs, timeoutMs - elapsedMs), signal)
    }
  }
}

async function oneTry({ client, addresses, nodeUuid, clock, signal, log }: LookupOptions): Promise<Found> {
  for (const pauseMs of conflictPausesMs) {
    try {
      return await client.lookup(addresses, signal, nodeUuid)
    } catch (error) {
      if (!isFault(error, 'conflict')) throw error
      log.info({ pauseMs }, 'the node is locked, asking again')
      await clock.sleep(pauseMs, signal)
    }
  }
  return client.lookup(addresses, signal, nodeUuid)
}
