import { explain, Fault } from '@ferrite/shared/fault'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { bootRamdisk } from '../ramdisk.ts'
import { restoreInstance } from '../restore-instance.ts'
import type { StepSettings } from '../settings.ts'

const internal = { interface: 'deploy', priority: 0, internal: true } as const

/** Boots the rescue ramdisk in the place of the instance. */
export const bootRescue = (settings: StepSettings): Step => ({
  ...internal,
  step: 'boot_rescue',
  boots_ramdisk: true,
  run: (task) => bootRamdisk(task, 'rescuing', settings, { mode: 'rescue', replaces_instance: true }),
})

/** Hands the password over, as a hash. The agent says at once that it has it, and serves nobody any more. */
export const finalizeRescue: Step = {
  ...internal,
  step: 'finalize_rescue',
  async run(task) {
    const hash = task.node.instance_info['hashed_rescue_password']
    if (typeof hash !== 'string' || hash === '') throw new Fault('bug', 'the hash of the rescue password is gone')
    const answer = await task.effect('hand the rescue password over', () =>
      task.agent.start('rescue.finalize_rescue', { rescue_password: hash, hashed: true }),
    )
    if (answer.command_status === 'SUCCEEDED') return { done: true }
    const said = answer.command_error ? `: ${explain(answer.command_error)}` : ''
    throw new Fault(
      'agent_command_failed',
      `Agent returned bad result for command finalize_rescue (${answer.command_status})${said}`,
    )
  },
}

/** The rescued machine is its user's: off the rescuing network, without boot media. */
export const handOverRescue: Step = {
  ...internal,
  step: 'hand_over_rescue',
  async run(task) {
    await task.effect('clean up the ramdisk’s boot', () => task.interfaces.boot.cleanUpRamdisk(task))
    await task.effect('move the machine to the tenant network', () => task.interfaces.network.attach(task, 'tenant'))
    return { done: true }
  },
}

/** Starts the instance again. */
export const unrescue: Step = {
  ...internal,
  step: 'unrescue',
  async run(task) {
    await restoreInstance(task)
    return { done: true }
  },
}

/** `instance_info` without the password of a rescue. */
export function withoutRescuePassword({ node }: Pick<Task, 'node'>): Record<string, unknown> {
  const { rescue_password: _password, hashed_rescue_password: _hash, ...rest } = node.instance_info
  return rest
}
