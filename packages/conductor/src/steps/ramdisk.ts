import { withBoot, withSign } from '../core/boot-trace.ts'
import { timestamp } from '../core/clock.ts'
import type { NetworkName } from '../core/interfaces.ts'
import type { AgentFacts } from '../core/node.ts'
import type { StepOutcome } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { ensurePower, reboot } from './power.ts'
import type { StepSettings } from './settings.ts'

export type BootOptions = {
  mode?: 'deploy' | 'rescue'
  /** Kernel parameters beside the usual ones. */
  params?: Readonly<Record<string, string>>
  wait_for_agent?: 'boot' | 'inspection'
  /** The ramdisk comes up in the place of a deployed system, whose boot is cleaned up once the machine is off. */
  replaces_instance?: boolean
}

/** The network on which a flow's ramdisk works. */
export const networkFor = { clean: 'cleaning', deploy: 'provisioning', service: 'servicing' } as const

/**
 * Boots the machine into the deploy ramdisk on `network` and waits for its agent. A new boot is a new epoch: what is
 * known of an older agent, and its token, are worth nothing from here on.
 */
export async function bootRamdisk(
  task: Task,
  network: NetworkName,
  settings: StepSettings,
  { mode = 'deploy', params = {}, wait_for_agent = 'boot', replaces_instance = false }: BootOptions = {},
): Promise<StepOutcome> {
  const { interfaces } = task
  if (agentIsHere(task)) return { wait_for_agent }
  // Before its power is cut: an agent that comes just now would be taken for the one to wait for, by the next attempt.
  if (task.node.internal.agent?.booted_at) await forgetAgent(task)
  const mayPowerOff = !task.node.disable_power_off
  if (mayPowerOff) await ensurePower(task, 'power off')
  if (replaces_instance) {
    await task.effect('clean up the instance’s boot', () => interfaces.boot.cleanUpInstance(task))
  }
  await task.effect(`move the machine to the ${network} network`, () => interfaces.network.attach(task, network))
  await task.effect('attach its volumes', () => interfaces.storage.attachVolumes(task))
  await beginEpoch(task)
  await task.effect('prepare the boot of the ramdisk', () =>
    interfaces.boot.prepareRamdisk(task, { ...ramdiskParams(task, settings), ...params }, mode),
  )
  await notePowerOn(task)
  await (mayPowerOff ? ensurePower(task, 'power on') : reboot(task))
  return { wait_for_agent }
}

/** After a crash: an agent of the boot that this very step commanded is already here. Never reboot it. */
function agentIsHere({ node: { internal } }: Task): boolean {
  const { agent, flow } = internal
  if (!agent?.booted_at || !flow?.step_started_at || flow.attempt < 2) return false
  const ofThisStep = agent.booted_at >= flow.step_started_at
  return ofThisStep && (agent.url !== undefined || agent.looked_up_from !== undefined)
}

/** After a crash: this very step had begun to boot its ramdisk anew, and the agent of before is not there any more. */
export function bootWasBegun({ node: { internal } }: Task): boolean {
  const { agent, flow } = internal
  if (!flow?.ramdisk || !flow.step_started_at || flow.attempt < 2) return false
  return !agent?.booted_at || agent.booted_at >= flow.step_started_at
}

async function beginEpoch(task: Task): Promise<void> {
  const { agent } = task.node.internal
  const fresh: AgentFacts = { epoch: (agent?.epoch ?? 0) + 1 }
  const boots = withBoot(task.node.internal.boots, fresh.epoch, timestamp(task.clock.now()))
  const carried = task.interfaces.boot.carriesToken ? { token: task.clock.token(), token_pregenerated: true } : {}
  const { flow } = task.node.internal
  const using = flow ? { flow: { ...flow, ramdisk: true } } : {}
  await task.save({ internal: { ...using, agent: { ...fresh, ...carried }, boots, agent_steps: undefined } })
}

// Before the power is touched: from then on others note what they see, and a ramdisk may look itself up. Whoever asked
// earlier would be of an older boot and take the token of this one with him.
async function notePowerOn(task: Task): Promise<void> {
  const { agent, boots } = task.node.internal
  const booted_at = timestamp(task.clock.now())
  const booting = agent ? { agent: { ...agent, booted_at } } : {}
  await task.save({ internal: { ...booting, boots: withSign(boots, { what: 'power_on' }, booted_at) } })
}

function ramdiskParams({ node }: Task, settings: StepSettings): Record<string, string> {
  const { agent } = node.internal
  return {
    'ipa-api-url': settings.ramdiskUrl(),
    ...(agent?.token_pregenerated && agent.token ? { 'ipa-agent-token': agent.token } : {}),
  }
}

/** Forgets the agent: its machine is off or rebooted. The epoch stays, so that an old agent is known as old. */
export async function forgetAgent(task: Task): Promise<void> {
  await task.save({ internal: { agent: { epoch: task.node.internal.agent?.epoch ?? 0 } } })
}

/** From here on the flow has no ramdisk: what is started is the instance. */
export async function leaveRamdisk(task: Task): Promise<void> {
  const { flow } = task.node.internal
  if (flow?.ramdisk) await task.save({ internal: { flow: { ...flow, ramdisk: undefined } } })
}
