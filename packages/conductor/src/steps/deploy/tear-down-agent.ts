import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { explain } from '@ferrite/shared/fault'
import { ensurePower, readPower } from '../power.ts'
import { forgetAgent, leaveRamdisk } from '../ramdisk.ts'
import type { StepSettings } from '../settings.ts'

const looks = 7

/** The agent flushes and powers its machine off; the BMC does it when the agent does not. */
export const tearDownAgent = (settings: StepSettings): Step => ({
  interface: 'deploy',
  step: 'tear_down_agent',
  priority: 40,
  async run(task) {
    if (task.node.disable_power_off) await lockDown(task)
    else if ((await readPower(task)) !== 'power off') await powerOff(task, settings)
    await forgetAgent(task)
    await leaveRamdisk(task)
    await task.effect('clean up the ramdisk’s boot', () => task.interfaces.boot.cleanUpRamdisk(task))
    return { done: true }
  },
})

async function powerOff(task: Task, settings: StepSettings): Promise<void> {
  if (isTrue(task.node.driver_info['deploy_forces_oob_reboot'])) {
    await tryAgent(task, () => task.agent.run('standby.sync', {}))
  } else {
    await tryAgent(task, () => task.agent.start('standby.power_off', {}))
    if (await goesOff(task, settings)) return
  }
  await ensurePower(task, 'power off')
}

async function goesOff(task: Task, settings: StepSettings): Promise<boolean> {
  for (let look = 1; look <= looks; look += 1) {
    if ((await readPower(task)) === 'power off') return true
    if (look < looks) await task.clock.sleep(settings.powerOffPollMs, task.signal)
  }
  return false
}

async function lockDown(task: Task): Promise<void> {
  await tryAgent(task, () => task.agent.run('standby.sync', {}))
  await tryAgent(task, () => task.agent.run('system.lockdown', {}))
}

// The machine may lose its power before the answer is out; the BMC's reading decides, not this answer.
async function tryAgent(task: Task, command: () => Promise<unknown>): Promise<void> {
  try {
    await task.effect('tell the agent to end', command)
  } catch (error) {
    task.signal.throwIfAborted()
    task.log.warn({ reason: explain(error) }, 'the agent did not end itself')
  }
}

const isTrue = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^(true|1|yes|on)$/i.test(value))
