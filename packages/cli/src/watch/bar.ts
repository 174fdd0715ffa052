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
  if (progress.phase === 'connect') return verbs.connect
  const share = fraction(progress)
  const verb = verbs[progress.phase].padEnd(12)
  const percent = share === null ? '   ' : `${String(Math.floor(share * 100)).padStart(3)}%`
  const tail = `${percent}  ${amount(progress)}  ${formatRate(progress.rate)}  ${left(progress).padEnd(9)}`
  const room = Math.max(8, width - verb.length - tail.length - 1)
  return `${verb}${bar(share, room, terminal)} ${tail.trimEnd()}`
}

/** `230 / 512 MiB`: both in the unit of the total. */
function amount(progress: Progress): string {
  const done = formatBytes(doneBytes(progress))
  if (progress.bytes_total === null) return done
  const total = formatBytes(progress.bytes_total)
  const [number = '', unit] = done.split(' ')
  return total.endsWith(` ${unit}`) ? `${number} / ${total}` : `${done} / ${total}`
}

const left = ({ eta_ms, phase }: Progress): string =>
  eta_ms === null || phase === 'done' ? '' : `${formatDuration(eta_ms)} left`

function bar(share: number | null, width: number, terminal: Terminal): string {
  const filled = share === null ? 0 : Math.round(share * width)
  return terminal.paint('cyan', '━'.repeat(filled)) + terminal.paint('dim', '╌'.repeat(width - filled))
}

/** The same without a bar, for logs: `writing 230 / 512 MiB (45%), 402 MiB/s, 1.2s left`. */
export function barText(progress: Progress): string {
  if (progress.phase === 'connect') return verbs.connect
  const share = fraction(progress)
  const percent = share === null ? '' : ` (${Math.floor(share * 100)}%)`
  const parts = [`${verbs[progress.phase]} ${amount(progress)}${percent}`, formatRate(progress.rate), left(progress)]
  return parts.filter(Boolean).join(', ')
}
