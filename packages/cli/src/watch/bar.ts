import type { Progress } from '@ferrite/shared/contracts/callback'
import { formatBytes, formatDuration, formatRate } from '@ferrite/shared/units'
import type { Terminal } from '../terminal.ts'

const verbs: Record<Progress['phase'], string> = {
  connect: 'connecting',
  write: 'writing',
  verify: 'reading back',
  finish: 'finishing',
  done: 'done',
}

/** Bytes done in the present phase. */
const doneBytes = (progress: Progress): number =>
  progress.phase === 'verify' ? progress.bytes_verified : progress.bytes_written

/** Share of the present phase that is done, 0 to 1; null while the length is unknown. */
export const fraction = (progress: Progress): number | null =>
  progress.phase === 'done' ? 1 : progress.bytes_total ? Math.min(1, doneBytes(progress) / progress.bytes_total) : null

/** One line of `width` columns: what is done, the bar, percent, bytes, rate, time left. */
export function barLine(progress: Progress, width: number, terminal: Terminal): string {
  const share = fraction(progress)
  const verb = verbs[progress.phase].padEnd(12)
  const total = progress.bytes_total === null ? '' : ` / ${formatBytes(progress.bytes_total)}`
  const percent = share === null ? '  – ' : `${String(Math.floor(share * 100)).padStart(3)}%`
  const bytes = `${formatBytes(progress.phase === 'done' ? progress.bytes_written : doneBytes(progress))}${total}`
  const left = progress.eta_ms === null || progress.phase === 'done' ? '' : `${formatDuration(progress.eta_ms)} left`
  const tail = `${percent}  ${bytes}  ${formatRate(progress.rate)}  ${left.padEnd(9)}`
  const room = Math.max(8, width - verb.length - tail.length - 2)
  return `${verb}${bar(share, room, terminal)} ${tail.trimEnd()}`
}

function bar(share: number | null, width: number, terminal: Terminal): string {
  const filled = share === null ? 0 : Math.round(share * width)
  return terminal.paint('cyan', '━'.repeat(filled)) + terminal.paint('dim', '╌'.repeat(width - filled))
}

/** The same without a bar, for logs: `writing 234 MiB / 384 MiB (61%), 402 MiB/s, 1.2s left`. */
export function barText(progress: Progress): string {
  const share = fraction(progress)
  const total = progress.bytes_total === null ? '' : ` / ${formatBytes(progress.bytes_total)}`
  const percent = share === null ? '' : ` (${Math.floor(share * 100)}%)`
  const left = progress.eta_ms === null || progress.phase === 'done' ? '' : `, ${formatDuration(progress.eta_ms)} left`
  return `${verbs[progress.phase]} ${formatBytes(doneBytes(progress))}${total}${percent}, ${formatRate(progress.rate)}${left}`
}
