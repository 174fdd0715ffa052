import { formatBytes, formatDuration, formatRate } from '@ferrite/shared/units'
import type { Progress } from '@ferrite/shared/contracts/callback'

/** What somebody in front of the machine wants to know. */
export type MachineView = {
  /** `Dell Inc. PowerEdge R740, serial 7XK2P13`. */
  machine: string
  version: string
  interfaces: { name: string; mac: string | null; hasCarrier: boolean; addresses: string[] }[]
  conductor?: string | undefined
  node?: string | undefined
  /** One sentence: what happens now. */
  doing: string
  /** The command or step that runs. */
  step?: string | undefined
  progress?: Progress | undefined
  lastError?: string | undefined
  uptimeMs: number
}

const width = 76

/** The whole screen as lines; nothing on it is longer than 76 characters. */
export function screenLines(view: MachineView): string[] {
  const row = (label: string, text: string) => clipped(` ${label.padEnd(10)} ${text}`)
  return [
    rule(`Ferrite ${view.version}: this machine is being managed, please do not turn it off`),
    row('machine', view.machine),
    ...view.interfaces.map(({ name, mac, hasCarrier, addresses }) =>
      row(name, [mac ?? 'no MAC', hasCarrier ? addresses.join(' ') || 'no address yet' : 'no link'].join('  ')),
    ),
    row('conductor', view.conductor ?? 'not known yet'),
    row('node', view.node ?? 'not known yet'),
    row('now', view.doing),
    ...(view.step === undefined ? [] : [row('step', view.step)]),
    ...(view.progress ? [row('progress', progressText(view.progress)), ` ${bar(view.progress)}`] : []),
    ...(view.lastError === undefined ? [] : wrapped('last error', view.lastError)),
    rule(`up ${formatDuration(view.uptimeMs)}`),
  ]
}

/** Clears a terminal and draws the screen; every line ends what was there before. */
export const drawn = (view: MachineView): string => `\u001b[H\u001b[2J${screenLines(view).join('\r\n')}\r\n`

/** Share of the bytes that are done, 0 to 100; undefined while nobody knows how many there are. */
export function percentOf({
  phase,
  bytes_received: received,
  bytes_verified: verified,
  bytes_written: written,
  bytes_total: total,
}: Progress): number | undefined {
  if (phase === 'done') return 100
  const whole = phase === 'verify' ? written : total
  if (whole === null || whole === 0) return undefined
  return Math.min(100, Math.floor(((phase === 'verify' ? verified : received) / whole) * 100))
}

export function progressText(progress: Progress): string {
  const percent = percentOf(progress)
  const done = progress.phase === 'verify' ? progress.bytes_verified : progress.bytes_received
  const eta = progress.eta_ms === null ? '' : `, ${formatDuration(progress.eta_ms)} left`
  const share = percent === undefined ? '' : ` ${percent} %`
  return `${progress.phase}${share}, ${formatBytes(done)}, ${formatRate(progress.rate)}${eta}`
}

function bar(progress: Progress): string {
  const cells = width - 4
  const full = Math.round(((percentOf(progress) ?? 0) / 100) * cells)
  return `[${'#'.repeat(full)}${'.'.repeat(cells - full)}]`
}

const rule = (text: string): string => clipped(`-- ${text} ${'-'.repeat(width)}`)
const clipped = (line: string): string => printable(line).slice(0, width)

/** What comes from outside must not steer a terminal. */
// eslint-disable-next-line no-control-regex -- these are the characters that steer
const printable = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')

function wrapped(label: string, text: string): string[] {
  const cells = width - 12
  const parts =
    printable(text)
      .slice(0, cells * 4)
      .match(new RegExp(`.{1,${cells}}`, 'g')) ?? []
  return parts.map((part, i) => clipped(` ${(i === 0 ? label : '').padEnd(10)} ${part}`))
}
