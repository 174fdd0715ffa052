import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { formatBytes, formatDuration } from '@ferrite/shared/units'
import { printable } from '../terminal.ts'
import { barText } from './bar.ts'

/** An event as one line of text, for logs and pipes. */
export function plainLine(event: FerriteEvent): string {
  const time = event.at.slice(11, 19)
  return printable(`${time}  ${event.node_name ?? event.node_uuid}  ${what(event)}`)
}

function what(event: FerriteEvent): string {
  switch (event.type) {
    case 'node_created':
      return 'enrolled'
    case 'node_deleted':
      return 'deleted'
    case 'provision_state':
      return `${event.from} → ${event.to}${event.last_error ? `: ${event.last_error}` : ''}`
    case 'power_state':
      return event.to ?? 'power unknown'
    case 'agent':
      return `agent ${event.what.replaceAll('_', ' ')}${event.agent_version ? ` (${event.agent_version})` : ''}`
    case 'progress':
      return barText(event.progress)
    case 'boot':
      return bootText(event)
    case 'step':
      return stepText(event)
  }
}

function bootText({ what: sign, detail, bytes, trouble }: Extract<FerriteEvent, { type: 'boot' }>): string {
  const size = bytes === null ? '' : ` ${formatBytes(bytes)}`
  return `boot: ${sign.replaceAll('_', ' ')}${size}${detail ? ` (${detail})` : ''}${trouble ? ' !' : ''}`
}

function stepText(event: Extract<FerriteEvent, { type: 'step' }>): string {
  const took = event.duration_ms === null ? '' : ` after ${formatDuration(event.duration_ms)}`
  const error = event.error ? `: ${event.error}` : ''
  return `${event.flow} step ${event.index + 1}/${event.count} ${event.step} ${event.state}${took}${error}`
}

/** Lets progress through at most every `everyMs`, and whenever its phase changes; all else always. */
export function sparing(everyMs: number): (event: FerriteEvent) => boolean {
  let last = { at: -Infinity, phase: '' }
  return (event) => {
    if (event.type !== 'progress') return true
    const now = performance.now()
    if (event.progress.phase === last.phase && now - last.at < everyMs) return false
    last = { at: now, phase: event.progress.phase }
    return true
  }
}
