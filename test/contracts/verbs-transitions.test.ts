import { describe, expect, test } from 'vitest'
import { advance } from '@ferrite/conductor/provision/advance'
import { systemClock } from '@ferrite/conductor/core/clock'
import { provisionStates, states, targetOf, type ProvisionEvent, type ProvisionState } from '@ferrite/shared/provision'

// Every row of the table of states, and everything that is no row: what verbs and flows may do to a node's state.
const events: ProvisionEvent[] = [
  ...new Set(Object.values(states).flatMap(({ on }) => Object.keys(on))),
] as ProvisionEvent[]
const pairs = provisionStates.flatMap((from) => events.map((event) => ({ from, event, to: states[from].on[event] })))
const node = (state: ProvisionState) => ({
  provision_state: state,
  target_provision_state: targetOf(state),
  last_error: null,
})

describe('each row', () => {
  test.each(pairs.filter(({ to }) => to !== undefined))('$from, $event: $to', ({ from, event, to }) => {
    const { set, events: told } = advance(node(from), event, systemClock)
    expect(set.provision_state).toBe(to)
    const stable = to !== undefined && states[to].kind === 'stable'
    expect(set.target_provision_state === null).toBe(stable)
    expect(told).toMatchObject([{ type: 'provision_state', from, to, event }])
  })
})

describe('no row', () => {
  test.each(pairs.filter(({ to }) => to === undefined))('$from knows no $event', ({ from, event }) => {
    expect(() => advance(node(from), event, systemClock)).toThrow(/does not allow/)
  })
})

test('a manual cleaning keeps its own target through waiting, holding and failing', () => {
  const ways: [ProvisionState, ProvisionEvent][] = [
    ['cleaning', 'wait'],
    ['clean wait', 'resume'],
    ['cleaning', 'hold'],
    ['clean hold', 'unhold'],
    ['cleaning', 'fail'],
    ['clean wait', 'abort'],
  ]
  for (const [from, event] of ways) {
    const manual = { ...node(from), target_provision_state: 'manageable' as const }
    expect(advance(manual, event, systemClock).set.target_provision_state).toBe('manageable')
  }
})
