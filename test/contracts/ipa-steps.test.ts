import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openAgentClient } from '@ferrite/conductor/agent-client/client'
import { FakeAgent, type Script } from '@ferrite/conductor/agent-client/testing/fake-agent'
import { systemClock } from '@ferrite/conductor/core/clock'
import type { StepKind } from '@ferrite/conductor/core/interfaces'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import type { Task } from '@ferrite/conductor/core/task'
import { fetchAgentSteps } from '@ferrite/conductor/steps/agent-steps'
import { Secret } from '@ferrite/shared/secret'
import { cleanSteps, deploySteps } from './recorded/ipa.ts'

/** What our conductor makes of an agent's offer, and what it keeps of it. */
async function offered(kind: StepKind, script: Script) {
  const fake = new FakeAgent(script)
  fake.token = 'token'
  const url = await fake.listen()
  const agent = openAgentClient(
    { url, token: new Secret('token') },
    {
      clock: systemClock,
      signal: new AbortController().signal,
      commandTimeoutMs: 5_000,
      pollMs: 10,
      keyFor: (name) => name,
      fence: 1,
    },
  )
  onTestFinished(async () => {
    await agent[Symbol.asyncDispose]()
    fake.kill()
  })
  const saved: unknown[] = []
  const facts = { uuid: 'u', internal: {}, properties: {}, instance_info: {}, driver_info: {}, traits: [] }
  const node = facts as unknown as NodeRecord
  const save = async (change: unknown) => void saved.push(change)
  const task = { agent, node, ports: [], save, log: pino({ level: 'silent' }) } as unknown as Task
  return { steps: await fetchAgentSteps(task, kind), saved }
}

test('the cleaning steps of a real agent with two hardware managers are understood', async () => {
  const { steps, saved } = await offered('clean', { 'clean.get_clean_steps': () => ({ result: cleanSteps }) })
  expect(steps).toHaveLength(13)
  expect(steps.find(({ step }) => step === 'erase_devices_metadata')).toMatchObject({ priority: 99, abortable: true })
  expect(steps.find(({ step }) => step === 'update_firmware_sum')).toMatchObject({ interface: 'management' })
  expect(saved).toMatchObject([{ internal: { agent_steps: { versions: { generic_hardware_manager: '1.2' } } } }])
})

test('the deploy steps of a real agent, without the word abortable, are understood', async () => {
  const { steps } = await offered('deploy', { 'deploy.get_deploy_steps': () => ({ result: deploySteps }) })
  expect(steps.map(({ step }) => step)).toEqual([
    'apply_configuration',
    'flash_firmware_sum',
    'erase_devices_metadata',
    'write_image',
    'inject_files',
  ])
})

test('an agent too old to know service steps offers none, and the service goes on with the driver’s', async () => {
  const { steps } = await offered('service', { 'service.get_service_steps': undefined })
  expect(steps).toEqual([])
})
