import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pino } from 'pino'
import {
  provisionStates,
  provisionVerbs,
  states,
  targetOf,
  type ProvisionState,
  type ProvisionVerb,
} from '@ferrite/shared/provision'
import { systemClock } from '@ferrite/conductor/core/clock'
import { checkConfigdrive } from '@ferrite/conductor/configdrive/check'
import { createProvision } from '@ferrite/conductor/provision/provision'
import type { Flow } from '@ferrite/conductor/core/node'
import { Secret } from '@ferrite/shared/secret'
import { startApi, type ApiFixture } from './api-fixture.ts'

type Body = Record<string, unknown>

// Nothing works on what the verbs open, so the state that they lead to can be seen.
let api: ApiFixture
beforeAll(async () => {
  const made: { provision?: ReturnType<typeof createProvision> } = {}
  const late = {
    request: (...given: Parameters<ReturnType<typeof createProvision>['request']>) =>
      made.provision?.request(...given) ?? Promise.reject(new Error('not yet')),
  }
  api = await startApi({}, { provision: late })
  const log = pino({ level: 'silent' })
  made.provision = createProvision({
    store: api.store,
    clock: { ...systemClock, sleep: async () => {} },
    log,
    automatedClean: true,
    wake: () => {},
    watch: () => {},
    validateFor: async () => {},
    buildConfigdrive: async (given: unknown) => {
      if (typeof given === 'string') await checkConfigdrive(given)
      return new Secret('x')
    },
  } as unknown as Parameters<typeof createProvision>[0])
})
afterAll(() => api[Symbol.asyncDispose]())

const uuidOf = ({ json }: { json: Body }) => String(json['uuid'])
const kinds: readonly [RegExp, Flow['kind']][] = [
  [/clean/, 'clean'],
  [/inspect/, 'inspect'],
  [/rescu/, 'rescue'],
  [/servic/, 'service'],
]

/** A node that has come to `state` in the usual way: with a flow that waits, where there is one. */
async function nodeIn(state: ProvisionState): Promise<string> {
  const node = uuidOf(
    await api.ask('POST', '/v1/nodes', {
      driver: 'fake-hardware',
      inspect_interface: 'fake',
      rescue_interface: 'fake',
    }),
  )
  const kind = kinds.find(([pattern]) => pattern.test(state))?.[1] ?? 'deploy'
  const flow: Flow = {
    kind,
    steps: [],
    index: -1,
    phase: 'waiting',
    step_started_at: null,
    started_at: new Date().toISOString(),
    deadline: null,
    agent_steps_known: true,
    attempt: 1,
  }
  const resting = states[state].kind === 'stable'
  await api.store.commit({
    node_uuid: node,
    guard: { any: true },
    set: {
      provision_state: state,
      target_provision_state: targetOf(state),
      power_state: 'power off',
      ...(resting ? {} : { internal: { flow } }),
    },
  })
  return node
}

const bodies: Partial<Record<ProvisionVerb, Body>> = {
  clean: { clean_steps: [{ interface: 'deploy', step: 'erase_devices' }] },
  service: { service_steps: [{ interface: 'deploy', step: 'burnin' }] },
  rescue: { rescue_password: 'let me in' },
}
const order = (node: string, target: string, more: Body = {}, version = '1.115') =>
  api.ask('PUT', `/v1/nodes/${node}/states/provision`, { target, ...more }, { version })

const verbs = Object.keys(provisionVerbs) as ProvisionVerb[]
const rows = provisionStates.flatMap((from) =>
  verbs.map((verb) => ({ from, verb, to: states[from].on[provisionVerbs[verb].event] })),
)
// Where the state does not say it all: an abort needs a step that may be interrupted, a hold needs the step that holds.
const possible = rows.filter(({ to, verb }) => to !== undefined && verb !== 'unhold' && verb !== 'abort')
const impossible = rows.filter(({ to }) => to === undefined)

describe('each verb, in each state that allows it', () => {
  test.each(possible)('$verb leads from $from to $to', async ({ from, verb, to }) => {
    const node = await nodeIn(from)
    const answer = await order(node, verb, bodies[verb])
    expect([answer.status, answer.text, answer.headers.get('location')]).toEqual([
      202,
      '',
      `${api.operatorUrl}/v1/nodes/${node}/states`,
    ])
    expect((await api.ask('GET', `/v1/nodes/${node}/states`)).json['provision_state']).toBe(to)
  })
})

describe('each verb, in each state that does not allow it', () => {
  test.each(impossible)('$verb is refused in $from', async ({ from, verb }) => {
    const node = await nodeIn(from)
    const refused = await order(node, verb, bodies[verb])
    expect([refused.status, refused.fault.faultstring]).toEqual([
      400,
      `The requested action "${verb}" can not be performed on node "${node}" while it is in state "${from}".`,
    ])
    await api.store.lock(node, { owner: 'c1', purpose: 'test', leaseMs: 60_000 })
    expect((await order(node, verb, bodies[verb])).status).toBe(409)
    expect((await api.ask('GET', `/v1/nodes/${node}/states`)).json['provision_state']).toBe(from)
  })
})

describe('each verb, asked with too old a version', () => {
  test.each(verbs.filter((verb) => provisionVerbs[verb].since > 1 && verb !== 'abort'))('%s is 406', async (verb) => {
    const node = await nodeIn('enroll')
    const version = `1.${provisionVerbs[verb].since - 1}`
    expect((await order(node, verb, bodies[verb], version)).status).toBe(406)
  })
  test.each([
    ['clean wait', 12],
    ['inspect wait', 40],
    ['wait call-back', 109],
  ] as const)('abort in %s is 406 at 1.%d', async (state, minor) => {
    expect((await order(await nodeIn(state), 'abort', {}, `1.${minor}`)).status).toBe(406)
  })
})

test.each<[string, Body, number]>([
  ['bogus', {}, 400],
  ['active', { clean_steps: [] }, 400],
  ['active', { configdrive: '{"meta_data": {}}' }, 400],
  ['manage', { configdrive: 'aGk=' }, 400],
  ['deploy', { configdrive: 'aGk=' }, 400],
  ['deploy', { deploy_steps: [{ interface: 'deploy', step: 'x', args: {}, priority: 1 }] }, 400],
  ['active', { more: true }, 400],
  ['active', { runbook: 'CUSTOM_BOOK' }, 400],
])('%s with %j is refused with %d', async (target, body, status) => {
  const node = await nodeIn('available')
  expect((await order(node, target, body)).status).toBe(status)
  expect((await api.ask('GET', `/v1/nodes/${node}/states`)).json['provision_state']).toBe('available')
})

test.each<[string, Body]>([
  ['clean', {}],
  ['clean', { clean_steps: [] }],
  ['clean', { clean_steps: [{ step: 'x' }] }],
  ['clean', { clean_steps: [{ interface: 'boot', step: 'x' }] }],
  ['clean', { clean_steps: [{ interface: 'bios', step: 'x', more: 1 }] }],
  ['clean', { runbook: 'CUSTOM_NOBODY' }],
])('%s with %j is refused', async (target, body) => {
  const node = await nodeIn('manageable')
  expect([400, 404]).toContain((await order(node, target, body)).status)
})

test('a node in maintenance is not deployed, a protected one not undeployed', async () => {
  const resting = await nodeIn('available')
  await api.store.commit({ node_uuid: resting, guard: { any: true }, set: { maintenance: true } })
  const refused = await order(resting, 'active')
  expect([refused.status, refused.fault.faultstring]).toEqual([
    400,
    expect.stringContaining("because it's in maintenance mode"),
  ])
  const used = await nodeIn('active')
  await api.store.commit({ node_uuid: used, guard: { any: true }, set: { protected: true } })
  for (const verb of ['deleted', 'undeploy', 'rebuild']) expect((await order(used, verb)).status).toBe(403)
  expect((await order('nobody', 'active')).status).toBe(404)
})

test('a runbook runs on the nodes that share a trait with it, in its own order', async () => {
  const steps = [
    { interface: 'raid', step: 'create_configuration', args: {}, order: 2 },
    { interface: 'bios', step: 'factory_reset', args: {}, order: 1 },
  ]
  await api.ask('POST', '/v1/runbooks', { name: 'CUSTOM_RESET', steps })
  const node = await nodeIn('manageable')
  const refused = await order(node, 'clean', { runbook: 'CUSTOM_RESET' })
  expect([refused.status, refused.fault.faultstring]).toEqual([400, expect.stringContaining('not approved')])
  await api.ask('PUT', `/v1/nodes/${node}/traits/CUSTOM_RESET`)
  expect((await order(node, 'clean', { runbook: 'CUSTOM_RESET' }, '1.91')).status).toBe(406)
  const both = { runbook: 'CUSTOM_RESET', clean_steps: steps.slice(0, 1) }
  expect((await order(node, 'clean', both)).status).toBe(400)
  expect((await order(node, 'clean', { runbook: 'CUSTOM_RESET' })).status).toBe(202)
  const stored = await api.store.node(node)
  expect(stored?.internal.flow?.user_steps?.map(({ step }) => step)).toEqual(['factory_reset', 'create_configuration'])
})

test('a deploy takes the steps of the templates that its traits name; those of the request replace them', async () => {
  const of = (interfaceName: string, step: string, priority: number) => ({
    interface: interfaceName,
    step,
    args: {},
    priority,
  })
  await api.ask('POST', '/v1/deploy_templates', {
    name: 'CUSTOM_FAST',
    steps: [of('bios', 'apply_configuration', 150), of('raid', 'create_configuration', 140)],
  })
  await api.ask('POST', '/v1/deploy_templates', { name: 'CUSTOM_OTHER', steps: [of('bios', 'factory_reset', 10)] })
  const node = await nodeIn('available')
  await api.store.commit({
    node_uuid: node,
    guard: { any: true },
    set: { traits: ['CUSTOM_FAST'], instance_info: { traits: ['CUSTOM_FAST'] } },
  })
  expect((await order(node, 'active', { deploy_steps: [of('bios', 'apply_configuration', 90)] })).status).toBe(202)
  const flow = (await api.store.node(node))?.internal.flow
  expect(flow?.user_steps?.map(({ step, priority }) => [step, priority])).toEqual([
    ['create_configuration', 140],
    ['apply_configuration', 90],
  ])
})
