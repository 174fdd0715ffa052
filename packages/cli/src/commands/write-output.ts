import type { Progress } from '@ferrite/shared/contracts/callback'
import { explain, isFault } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import { formatBytes, formatDuration, formatRate } from '@ferrite/shared/units'
import type { Disk } from '@ferrite/agent/hardware/disk'
import type { WriteResult } from '@ferrite/agent/image/request'

export type WriteOutput = {
  progress: (progress: Progress) => void
  note: (text: string) => void
  done: (result: WriteResult, disk: Disk) => void
  failed: (error: unknown) => void
}

/** One JSON document a line on stdout: `progress` once a second, then one `result`. */
export function jsonOutput(): WriteOutput {
  const due = everySecond()
  return {
    progress: (progress) => {
      if (due(progress)) line({ type: 'progress', ...progress })
    },
    note: (text) => line({ type: 'note', text }),
    done: (result, disk) => line({ type: 'result', ok: true, disk: disk.path, direct: disk.direct, ...result }),
    failed: (error) =>
      line({
        type: 'result',
        ok: false,
        error: { code: isFault(error) ? error.code : 'bug', message: maskedText(explain(error)) },
      }),
  }
}

/** A progress bar on a terminal, a line every ten seconds elsewhere; the outcome as one sentence. */
export function textOutput(stream: NodeJS.WriteStream): WriteOutput {
  const clear = stream.isTTY ? '\r\u001b[K' : ''
  const due = everySecond(stream.isTTY ? 200 : 10_000)
  return {
    progress(progress) {
      if (!due(progress) || (progress.phase === 'done' && !stream.isTTY)) return
      const text = stream.isTTY ? bar(progress, stream.columns) : `${facts(progress)}\n`
      stream.write(`${clear}${text}`)
    },
    note: (text) => stream.write(`${clear}note: ${text}\n`),
    done(result, disk) {
      const rate = formatRate((result.bytesWritten * 1000) / Math.max(1, result.elapsedMs))
      const how = result.verified ? 'verified and read back' : 'verified, not read back'
      const kept = result.bytesKept > 0 ? `, ${formatBytes(result.bytesKept)} of it were there` : ''
      const resumed = result.resumes > 0 ? `, ${result.resumes} resumed` : ''
      stream.write(`${clear}${formatBytes(result.bytesWritten)} written to ${disk.path} in `)
      stream.write(`${formatDuration(result.elapsedMs)} (${rate}${resumed}${kept}), ${how}\n`)
    },
    failed: (error) => stream.write(`${clear}ferrite: ${maskedText(explain(error))}\n`),
  }
}

const line = (value: object): boolean => process.stdout.write(`${JSON.stringify(value)}\n`)

function everySecond(pauseMs = 1000): (progress: Progress) => boolean {
  let last = -Infinity
  let phase = ''
  return (progress) => {
    // Ticks come every half second, not exactly.
    const isDue = progress.phase !== phase || progress.elapsed_ms - last >= pauseMs - 100
    phase = progress.phase
    if (isDue) last = progress.elapsed_ms
    return isDue
  }
}

function bar(progress: Progress, columns = 80): string {
  const text = ` ${facts(progress)}`
  const width = Math.max(0, Math.min(40, columns - text.length - 3))
  const filled = Math.round(width * share(progress))
  return width < 8 ? text.trim().slice(0, columns - 1) : `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]${text}`
}

/** A compressed image has its length on the way only. */
const received = ({ bytes_received, bytes_wasted }: Progress): number => bytes_received - bytes_wasted

function share(progress: Progress): number {
  const { phase, bytes_written, bytes_verified, bytes_total } = progress
  if (phase === 'done') return 1
  const whole = phase === 'verify' ? bytes_written : bytes_total
  const done = phase === 'verify' ? bytes_verified : received(progress)
  return whole ? Math.min(1, done / whole) : 0
}

function facts(progress: Progress): string {
  const { phase, bytes_total, bytes_written, rate, eta_ms } = progress
  if (phase === 'connect') return 'connecting'
  const whole = phase === 'verify' ? bytes_written : bytes_total
  const of = whole === null ? '' : ` of ${formatBytes(whole)}`
  const bytes = phase === 'verify' ? progress.bytes_verified : received(progress)
  const eta = eta_ms === null || phase === 'done' ? '' : `, ${formatDuration(eta_ms)} left`
  return `${phase} ${formatBytes(bytes)}${of}, ${formatRate(rate)}${eta}`
}
