import { Fault } from './fault.ts'

/** `stable`: at rest. `busy`: a conductor is at work. `waiting`: for the agent or an operator. `failed`: an operator must choose. */
export type StateKind = 'stable' | 'busy' | 'waiting' | 'failed'

export type ProvisionEvent =
  | 'manage'
  | 'provide'
  | 'inspect'
  | 'deploy'
  | 'rebuild'
  | 'delete'
  | 'clean'
  | 'service'
  | 'rescue'
  | 'unrescue'
  | 'adopt'
  | 'abort'
  | 'unhold'
  | 'wait'
  | 'resume'
  | 'hold'
  | 'done'
  | 'fail'

type Spec<S> = { kind: StateKind; target?: S; on: Partial<Record<ProvisionEvent, S>> }
const machine = <S extends string>(states: Record<S, Spec<NoInfer<S>>>) => states

/** Ironic's provision states and every transition between them (contract 7.2). */
// oxfmt-ignore
export const states = machine({
  enroll:            { kind: 'stable',                          on: { manage: 'verifying' } },
  verifying:         { kind: 'busy',    target: 'manageable',   on: { done: 'manageable', fail: 'enroll' } },
  manageable:        { kind: 'stable',                          on: { provide: 'cleaning', clean: 'cleaning', inspect: 'inspecting', adopt: 'adopting' } },
  available:         { kind: 'stable',                          on: { deploy: 'deploying', manage: 'manageable' } },
  deploying:         { kind: 'busy',    target: 'active',       on: { wait: 'wait call-back', hold: 'deploy hold', done: 'active', fail: 'deploy failed' } },
  'wait call-back':  { kind: 'waiting', target: 'active',       on: { resume: 'deploying', hold: 'deploy hold', fail: 'deploy failed', abort: 'deploy failed', delete: 'deleting' } },
  'deploy hold':     { kind: 'waiting', target: 'active',       on: { unhold: 'wait call-back', abort: 'deploy failed' } },
  'deploy failed':   { kind: 'failed',  target: 'active',       on: { rebuild: 'deploying', deploy: 'deploying', delete: 'deleting' } },
  active:            { kind: 'stable',                          on: { rebuild: 'deploying', delete: 'deleting', rescue: 'rescuing', service: 'servicing' } },
  deleting:          { kind: 'busy',    target: 'available',    on: { clean: 'cleaning', fail: 'error' } },
  error:             { kind: 'stable',                          on: { rebuild: 'deploying', delete: 'deleting' } },
  cleaning:          { kind: 'busy',    target: 'available',    on: { wait: 'clean wait', hold: 'clean hold', done: 'available', manage: 'manageable', fail: 'clean failed' } },
  'clean wait':      { kind: 'waiting', target: 'available',    on: { resume: 'cleaning', hold: 'clean hold', fail: 'clean failed', abort: 'clean failed' } },
  'clean hold':      { kind: 'waiting', target: 'available',    on: { unhold: 'clean wait', abort: 'clean failed' } },
  'clean failed':    { kind: 'failed',  target: 'available',    on: { manage: 'manageable' } },
  inspecting:        { kind: 'busy',    target: 'manageable',   on: { wait: 'inspect wait', done: 'manageable', fail: 'inspect failed' } },
  'inspect wait':    { kind: 'waiting', target: 'manageable',   on: { resume: 'inspecting', done: 'manageable', fail: 'inspect failed', abort: 'inspect failed' } },
  'inspect failed':  { kind: 'failed',  target: 'manageable',   on: { inspect: 'inspecting', manage: 'manageable' } },
  adopting:          { kind: 'busy',    target: 'active',       on: { done: 'active', fail: 'adopt failed' } },
  'adopt failed':    { kind: 'failed',  target: 'active',       on: { adopt: 'adopting', manage: 'manageable' } },
  rescuing:          { kind: 'busy',    target: 'rescue',       on: { wait: 'rescue wait', done: 'rescue', fail: 'rescue failed' } },
  'rescue wait':     { kind: 'waiting', target: 'rescue',       on: { resume: 'rescuing', fail: 'rescue failed', abort: 'rescue failed', delete: 'deleting' } },
  rescue:            { kind: 'stable',                          on: { rescue: 'rescuing', unrescue: 'unrescuing', delete: 'deleting' } },
  'rescue failed':   { kind: 'failed',  target: 'rescue',       on: { rescue: 'rescuing', unrescue: 'unrescuing', delete: 'deleting' } },
  unrescuing:        { kind: 'busy',    target: 'active',       on: { done: 'active', fail: 'unrescue failed' } },
  'unrescue failed': { kind: 'failed',  target: 'active',       on: { rescue: 'rescuing', unrescue: 'unrescuing', delete: 'deleting' } },
  servicing:         { kind: 'busy',    target: 'active',       on: { wait: 'service wait', hold: 'service hold', done: 'active', fail: 'service failed' } },
  'service wait':    { kind: 'waiting', target: 'active',       on: { resume: 'servicing', hold: 'service hold', fail: 'service failed', abort: 'service failed', delete: 'deleting' } },
  'service hold':    { kind: 'waiting', target: 'active',       on: { service: 'servicing', unhold: 'service wait', abort: 'service failed', fail: 'service failed' } },
  'service failed':  { kind: 'failed',  target: 'active',       on: { service: 'servicing', rescue: 'rescuing', delete: 'deleting', abort: 'active', wait: 'service wait', hold: 'service hold' } },
})

export type ProvisionState = keyof typeof states
export const provisionStates = Object.keys(states) as ProvisionState[]

/** The verbs of PUT /v1/nodes/{id}/states/provision: event, and the microversion that knows the word (contract 7.3). */
// oxfmt-ignore
export const provisionVerbs = {
  active:   { event: 'deploy',   since: 1 },
  deploy:   { event: 'deploy',   since: 73 },
  rebuild:  { event: 'rebuild',  since: 1 },
  deleted:  { event: 'delete',   since: 1 },
  undeploy: { event: 'delete',   since: 73 },
  manage:   { event: 'manage',   since: 4 },
  provide:  { event: 'provide',  since: 4 },
  inspect:  { event: 'inspect',  since: 6 },
  abort:    { event: 'abort',    since: 13 },
  clean:    { event: 'clean',    since: 15 },
  adopt:    { event: 'adopt',    since: 17 },
  rescue:   { event: 'rescue',   since: 38 },
  unrescue: { event: 'unrescue', since: 38 },
  unhold:   { event: 'unhold',   since: 85 },
  service:  { event: 'service',  since: 87 },
} as const satisfies Record<string, { event: ProvisionEvent; since: number }>
export type ProvisionVerb = keyof typeof provisionVerbs

/** The state that `event` leads to. Fault invalid_transition where the table has none. */
export function next(from: ProvisionState, event: ProvisionEvent): ProvisionState {
  const to = states[from].on[event]
  if (!to) {
    throw new Fault('invalid_transition', `the state "${from}" does not allow "${event}"`, {
      allowed: Object.keys(states[from].on),
    })
  }
  return to
}

export const isBusy = (state: ProvisionState): boolean => states[state].kind === 'busy'
export const isWaiting = (state: ProvisionState): boolean => states[state].kind === 'waiting'

/** `target_provision_state` after entering `state`: null when stable, else where it is going. */
export const targetOf = (state: ProvisionState): ProvisionState | null => states[state].target ?? null

/** States in which an agent may look itself up: a flow is running that may need one (contract 1.2). */
export const lookupAllowed: ReadonlySet<ProvisionState> = new Set<ProvisionState>([
  'deploying',
  'wait call-back',
  'cleaning',
  'clean wait',
  'inspecting',
  'inspect wait',
  'rescuing',
  'rescue wait',
  'service wait',
])
