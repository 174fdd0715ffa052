import type { StepKind } from '../core/interfaces.ts'
import type { FlowStep } from '../core/node.ts'
import type { Step, StepOutcome } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { ensurePower, reboot } from './power.ts'
import { bootRamdisk, forgetAgent, networkFor } from './ramdisk.ts'
import type { StepSettings } from './settings.ts'

type Context = { task: Task; step: FlowStep; kind: StepKind; settings: StepSettings }

/** Names of steps that mean the same on every interface and every hardware. */
const reserved: Readonly<Record<string, (context: Context) => Promise<StepOutcome>>> = {
  power_on: ({ task, kind, settings }) => started(task, kind, settings, () => ensurePower(task, 'power on')),
  reboot: ({ task, kind, settings }) => restarted(task, kind, settings),
  async power_off({ task }) {
    await ensurePower(task, 'power off')
    await forgetAgent(task)
    return { done: true }
  },
  hold: async () => ({ hold: true }),
  wait: async (context) => paused(context),
}

export const isReserved = ({ step }: { step: string }): boolean => Object.hasOwn(reserved, step)

/** The step that goes by a reserved name. */
export const reservedStep = (kind: StepKind, step: FlowStep, settings: StepSettings): Step => ({
  interface: step.interface,
  step: step.step,
  priority: step.priority,
  run: async (task) => reserved[step.step]?.({ task, step, kind, settings }) ?? { done: true },
})

/** In a flow that works with the ramdisk, what is started is the ramdisk: its agent is waited for. */
async function started(
  task: Task,
  kind: StepKind,
  settings: StepSettings,
  start: () => Promise<void>,
): Promise<StepOutcome> {
  if (task.node.internal.flow?.ramdisk) return bootRamdisk(task, networkFor[kind], settings)
  await start()
  return { done: true }
}

/** Reboots the machine into what it runs now. */
export const restarted = (task: Task, kind: StepKind, settings: StepSettings): Promise<StepOutcome> =>
  started(task, kind, settings, () => reboot(task))

/** For so many seconds since the step began, at most what the configuration allows; else until the agent is heard of. */
function paused({ task, step, settings }: Context): StepOutcome {
  const seconds = Number(step.args?.['seconds'] ?? Number.NaN)
  if (Number.isNaN(seconds)) return { wait_for_agent: 'heartbeat' }
  const began = Date.parse(task.node.internal.flow?.step_started_at ?? '') || task.clock.now().getTime()
  const left = began + Math.min(seconds * 1000, settings.longestWaitMs) - task.clock.now().getTime()
  return left <= 0 ? { done: true } : { again_in_ms: left }
}
