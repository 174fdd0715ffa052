import type { Command } from '@ferrite/shared/contracts/agent-api'
import { expect, test } from 'vitest'
import type { Flow } from '../core/node.ts'
import { verdictOn } from './agent-verdict.ts'
import { newFlow } from './new-flow.ts'

const write = { interface: 'deploy' as const, step: 'write_image', priority: 80, in_band: false }
const waiting = (waiting_for: 'boot' | 'command'): Flow =>
  newFlow('deploy', [write], new Date(0), { index: 0, phase: 'waiting', waiting_for })
const command = (command_name: string, more: Partial<Command> = {}): Command => ({
  id: 'c',
  command_name,
  command_status: 'SUCCEEDED',
  command_error: null,
  command_result: null,
  ...more,
})
const asked = command('get_deploy_steps')
const echo = (step: string) => ({ deploy_result: null, deploy_step: { interface: 'deploy', step, priority: 1 } })

test.each<[string, Command[], 'boot' | 'command', string]>([
  ['an empty list is a fresh boot', [], 'boot', 'go_on'],
  ['a list of asked steps is a fresh boot', [asked, asked], 'boot', 'go_on'],
  ['an agent with work behind it has not been booted', [asked, command('execute_deploy_step')], 'boot', 'wait'],
  ['a fresh agent has lost the write', [asked], 'command', 'failed'],
  [
    'a running command is waited for',
    [command('execute_deploy_step', { command_status: 'RUNNING' })],
    'command',
    'wait',
  ],
  [
    'the echo of the step ends it',
    [command('execute_deploy_step', { command_result: echo('write_image') })],
    'command',
    'go_on',
  ],
  [
    'the echo of another step does not',
    [command('execute_deploy_step', { command_result: echo('other') })],
    'command',
    'wait',
  ],
  ['no echo at all does not', [command('execute_deploy_step')], 'command', 'wait'],
  ['another command came last', [command('execute_deploy_step'), command('power_off')], 'command', 'wait'],
  ['a failure is this step’s', [command('execute_deploy_step', { command_status: 'FAILED' })], 'command', 'failed'],
  [
    'the mismatch’s wire text',
    [command('execute_deploy_step', { command_status: 'CLEAN_VERSION_MISMATCH' })],
    'command',
    'changed',
  ],
  [
    'the mismatch’s other text',
    [command('execute_deploy_step', { command_status: 'VERSION_MISMATCH' })],
    'command',
    'changed',
  ],
])('%s', (_, commands, waiting_for, verdict) => {
  expect(verdictOn(waiting(waiting_for), commands).is).toBe(verdict)
})
