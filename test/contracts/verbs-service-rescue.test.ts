import { expect, test } from 'vitest'
import { done, running, step, worldWith } from './verbs-bench.ts'

test('a service runs its steps on the ramdisk and leaves the instance running', async () => {
  await using world = await worldWith(running())
  await world.request('service', 115, { service_steps: [step('burnin_cpu'), step('flash'), step('burnin_cpu')] })
  expect(await world.settled()).toMatchObject({
    provision_state: 'active',
    target_provision_state: null,
    service_step: {},
    last_error: null,
    maintenance: false,
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
  })
  expect(done(world, 'service')).toEqual(['burnin_cpu', 'flash', 'burnin_cpu'])
  // `flash` asked for a reboot: the rest runs on the next agent.
  expect(world.agents).toHaveLength(2)
})

test('a service step that fails leaves the node in maintenance; an abort brings its instance back', async () => {
  const error = { type: 'ServicingError', code: 500, message: 'Service step failed', details: 'the fan is gone' }
  await using world = await worldWith(running(), { script: { 'service.execute_service_step': () => ({ error }) } })
  await world.request('service', 115, { service_steps: [step('burnin_cpu')] })
  const failed = await world.settled()
  expect(failed).toMatchObject({ provision_state: 'service failed', fault: 'service failure', maintenance: true })
  expect(failed.last_error).toMatch(/^Service step deploy.burnin_cpu failed on node .*the fan is gone/)
  await expect(world.request('abort')).rejects.toMatchObject({ status: 409 })
  await world.change({ maintenance: false, fault: null })
  await world.request('abort')
  expect(await world.settled()).toMatchObject({
    provision_state: 'active',
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
  })
})

test('an unknown service step fails the service with its name', async () => {
  await using world = await worldWith(running())
  await world.request('service', 115, { service_steps: [step('make_coffee')] })
  const node = await world.settled()
  expect(node.provision_state).toBe('service failed')
  expect(node.last_error).toMatch(/deploy\.make_coffee/)
})

test('a step that may be interrupted is, by an abort: the instance runs again', async () => {
  await using world = await worldWith(running(), {
    script: { 'service.execute_service_step': () => ({ ms: 60_000, result: null }) },
  })
  await world.request('service', 115, { service_steps: [step('burnin_cpu')] })
  await world.until((node) => node.provision_state === 'service wait' && node.service_step['step'] === 'burnin_cpu')
  await world.request('abort')
  const node = await world.until((one) => one.reservation === null && one.internal.flow === undefined)
  expect(node).toMatchObject({ provision_state: 'service failed', maintenance: false })
  expect(node.last_error).toContain('By request, the service operation was aborted')
  expect(node.internal.fake).toMatchObject({ power: 'power on', boot_device: 'disk' })
})

test('a rescue hands the hash of the password to the agent; the password itself is nowhere', async () => {
  await using world = await worldWith(running({ rescue_interface: 'agent' }))
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  const node = await world.settled()
  expect(node).toMatchObject({ provision_state: 'rescue', last_error: null, power_state: 'power on' })
  expect(JSON.stringify(node.instance_info)).not.toMatch(/rescue/)
  const order = world.agents[0]?.received.at(-1)
  expect(order?.name).toBe('rescue.finalize_rescue')
  expect(order?.params).toEqual({ rescue_password: expect.stringMatching(/^\$6\$.{16}\$.{86}$/), hashed: true })
  expect(JSON.stringify([world.log, await world.history()])).not.toContain('let me in')
  await world.request('unrescue')
  expect(await world.settled()).toMatchObject({
    provision_state: 'active',
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
  })
})

test('an agent that does not take the password at once fails the rescue, and the hash is forgotten', async () => {
  await using world = await worldWith(running({ rescue_interface: 'agent' }), {
    script: { 'rescue.finalize_rescue': () => ({ status: 'RUNNING' }) },
  })
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  const node = await world.settled()
  expect(node.provision_state).toBe('rescue failed')
  expect(node.last_error).toMatch(/finalize_rescue/)
  expect(JSON.stringify(node.instance_info)).not.toMatch(/rescue/)
})

test('a rescue that waits can be aborted: power off, rescue failed', async () => {
  await using world = await worldWith(running({ rescue_interface: 'agent' }))
  world.boots = false
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  await world.until((node) => node.provision_state === 'rescue wait' && node.reservation === null)
  await world.request('abort', 13)
  const node = await world.until((one) => one.internal.flow === undefined && one.reservation === null)
  expect(node).toMatchObject({ provision_state: 'rescue failed', internal: { fake: { power: 'power off' } } })
})
