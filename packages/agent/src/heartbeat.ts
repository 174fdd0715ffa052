import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import type { Clock } from './clock.ts'

export type HeartbeatOptions = {
  send: (signal: AbortSignal) => Promise<void>
  clock: Clock
  log: Logger
  timeoutMs: number
  /** True while a command has ended and nobody has asked for its result. */
  unseen: () => boolean
  /** Least time between two heartbeats. */
  spacingMs: number
}

export interface Heartbeats {
  /** Sends until the signal is aborted; the first at once. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** Sends one now, or as soon as the spacing allows. */
  force(): void
}

/**
 * Tells the conductor that we live, every 0.3 to 0.6 of its timeout, 5 to 10 s after an error. A conductor that is busy
 * with the node drops a heartbeat although it says 202, so one that nobody reacted to is repeated after 5, 10, 20 ... s.
 */
export function heartbeats({ send, clock, log, timeoutMs, unseen, spacingMs }: HeartbeatOptions): Heartbeats {
  let wake = new AbortController()
  let forced = false
  let ignored = 0

  async function once(signal: AbortSignal): Promise<number> {
    forced = false
    wake = new AbortController()
    try {
      await send(signal)
      ignored = unseen() ? ignored + 1 : 0
      const regularMs = timeoutMs * clock.between(0.3, 0.6)
      return ignored > 0 ? Math.min(regularMs, 5_000 * 2 ** Math.min(ignored - 1, 10)) : regularMs
    } catch (error) {
      if (!signal.aborted) log.warn({ err: explain(error) }, 'heartbeat failed')
      return 5_000 * clock.between(1, 2)
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const pauseMs = await once(signal)
        const least = Math.min(spacingMs, pauseMs)
        await quietly(clock.sleep(least, signal))
        if (!forced && pauseMs > least)
          await quietly(clock.sleep(pauseMs - least, AbortSignal.any([signal, wake.signal])))
      }
    },
    force() {
      forced = true
      ignored = 0
      wake.abort()
    },
  }
}

/** A sleep that was cut short is one that ended. */
const quietly = (sleep: Promise<void>): Promise<void> => sleep.catch(() => undefined)
