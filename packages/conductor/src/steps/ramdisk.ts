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
  { mode = 'deploy', params = {}, wait_for_agent = 'boot' }: BootOptions = {},
): Promise<StepOutcome> {
  const { interfaces } = task
  if (agentIsHere(task)) return { wait_for_agent }
  const mayPowerOff = !task.node.disable_power_off
  if (mayPowerOff) await ensurePower(task, 'power off')
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
export function agentIsHere({ node: { internal } }: Task): boolean {
  const { agent, flow } = internal
  if (!agent?.booted_at || !flow?.step_started_at || flow.attempt < 2) return false
  const ofThisStep = agent.booted_at >= flow.step_started_at
  return ofThisStep && (agent.url !== undefined || agent.looked_up_from !== undefined)
}

async function beginEpoch(task: Task): Promise<void> {
  const { agent } = task.node.internal
  const booted_at = timestamp(task.clock.now())
  const fresh: AgentFacts = { epoch: (agent?.epoch ?? 0) + 1, booted_at }
  const boots = withBoot(task.node.internal.boots, fresh.epoch, booted_at)
  const carried = task.interfaces.boot.carriesToken ? { token: task.clock.token(), token_pregenerated: true } : {}
  const { flow } = task.node.internal
  const using = flow ? { flow: { ...flow, ramdisk: true } } : {}
  await task.save({ internal: { ...using, agent: { ...fresh, ...carried }, boots, agent_steps: undefined } })
}

// Before the power is touched: from then on others note what they see.
async function notePowerOn(task: Task): Promise<void> {
  const boots = withSign(task.node.internal.boots, { what: 'power_on' }, timestamp(task.clock.now()))
  await task.save({ internal: { boots } })
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
