import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import type { Clock } from '../core/clock.ts'

export type Periodic = {
  name: string
  /** Milliseconds between runs, stretched by up to a tenth by chance; 0 turns the job off. */
  everyMs: number
  run(signal: AbortSignal): Promise<void>
}

/** Runs jobs, each by its own interval and never two runs of one at a time. What a run throws is logged. */
export function startPeriodic(jobs: readonly Periodic[], parts: { clock: Clock; log: Logger }): AsyncDisposable {
  const stop = new AbortController()
  const running = jobs.filter((job) => job.everyMs > 0).map((job) => repeat(job, parts, stop.signal))
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await Promise.all(running)
    },
  }
}

async function repeat(
  job: Periodic,
  { clock, log }: { clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(clock.between(job.everyMs, job.everyMs * 1.1), signal).catch(() => undefined)
    if (signal.aborted) return
    await job.run(signal).catch((error: unknown) => {
      if (!signal.aborted) log.error({ job: job.name, reason: explain(error), err: error }, 'periodic job failed')
    })
  }
}
