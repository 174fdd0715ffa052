import type { Progress } from '@ferrite/shared/contracts/callback'

export type Counters = {
  phase: Progress['phase']
  received: number
  written: number
  verified: number
  total: number | null
  resumes: number
  wasted: number
}

const tickMs = 500
/** The rate is the mean over the last ten ticks. */
const window = 10

/** Reports `counters` twice a second for as long as it lives, also while nothing moves. */
export function startMeter(counters: Counters, onProgress: (progress: Progress) => void): Disposable {
  const started = performance.now()
  const samples = [{ at: started, done: 0 }]
  let phase = counters.phase
  const report = () => {
    const at = performance.now()
    const done = counters.phase === 'verify' ? counters.verified : counters.received
    if (phase !== counters.phase) {
      phase = counters.phase
      // Reading back is a new measure, of which some may be done; its first report comes with its first tick.
      if (phase === 'verify') samples.splice(0, samples.length, { at: at - tickMs, done })
    }
    samples.push({ at, done })
    if (samples.length > window) samples.shift()
    onProgress(snapshot(counters, rateOf(samples), at - started))
  }
  report()
  const timer = setInterval(report, tickMs)
  return {
    [Symbol.dispose]() {
      clearInterval(timer)
      report()
    },
  }
}

function rateOf(samples: readonly { at: number; done: number }[]): number {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at <= first.at) return 0
  return Math.max(0, ((last.done - first.done) * 1000) / (last.at - first.at))
}

function snapshot(counters: Counters, rate: number, elapsedMs: number): Progress {
  const { phase, total } = counters
  const useful = counters.received - counters.wasted
  const left = phase === 'verify' ? counters.written - counters.verified : total === null ? null : total - useful
  return {
    phase,
    bytes_received: counters.received,
    bytes_written: counters.written,
    bytes_verified: counters.verified,
    bytes_total: total,
    rate: Math.round(rate),
    eta_ms: phase === 'done' ? 0 : left === null || rate === 0 ? null : Math.round((Math.max(0, left) * 1000) / rate),
    elapsed_ms: Math.round(elapsedMs),
    resumes: counters.resumes,
    bytes_wasted: counters.wasted,
  }
}
