import { states, type ProvisionState } from '@ferrite/shared/provision'
import type { Terminal } from './terminal.ts'

/** What a provision state means to somebody who waits. A state that is not known here counts as on the way. */
export function kindOf(state: string | null | undefined): 'stable' | 'busy' | 'waiting' | 'failed' {
  if (state === 'error') return 'failed'
  return state && state in states ? states[state as keyof typeof states].kind : 'busy'
}

/** States in which nothing moves and nothing is wrong. */
export const restingStates = (Object.keys(states) as ProvisionState[]).filter((state) => kindOf(state) === 'stable')

/** Nothing moves any more: at rest, or an operator must choose. */
export const isSettled = (state: string): boolean => kindOf(state) === 'stable' || kindOf(state) === 'failed'

/** A state in its colour; on a terminal with a mark for eyes that see no colours. */
export function paintState(state: string, terminal: Terminal, text = state): string {
  return terminal.paint(styleOf(state), text)
}

export function markOf(state: string): string {
  const kind = kindOf(state)
  if (kind === 'failed') return '✗'
  if (kind === 'stable') return state === 'active' ? '●' : '○'
  return '◐'
}

function styleOf(state: string): 'green' | 'cyan' | 'yellow' | 'red' | 'white' {
  const kind = kindOf(state)
  if (kind === 'failed') return 'red'
  if (kind !== 'stable') return 'yellow'
  if (state === 'active') return 'green'
  return state === 'available' ? 'cyan' : 'white'
}
