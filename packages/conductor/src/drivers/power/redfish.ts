import type { PowerState, PowerTarget } from '@ferrite/shared/contracts/nodes'
import { Fault, explain, isFault } from '@ferrite/shared/fault'
import { formatDuration } from '@ferrite/shared/units'
import { redfishFields, redfishInfo } from '../../bmc/redfish/driver-info.ts'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import { resetTypesOf, systemOf } from '../../bmc/redfish/system.ts'
import type { System } from '../../bmc/redfish/system.ts'
import type { PowerInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { credentialCheck } from '../check-bmc.ts'
import { restoreBootDevice } from '../management/redfish-boot-device.ts'

/** How long a machine may take, unless a request says otherwise. */
export type PowerLimits = { changeMs: number; softOffMs: number }
const usual: PowerLimits = { changeMs: 60_000, softOffMs: 600_000 }

/** What brings a machine into a state: reset types, the first that the BMC offers. */
const resetTypes = {
  'power on': ['On', 'ForceOn', 'PushPowerButton'],
  'power off': ['ForceOff'],
  'soft power off': ['GracefulShutdown', 'PushPowerButton'],
} as const
type Reset = keyof typeof resetTypes

/** A reboot is an off that was seen and an on that was seen: a restart in one command leaves nothing to see. */
const stages: Record<PowerTarget, readonly Reset[]> = {
  'power on': ['power on'],
  'power off': ['power off'],
  rebooting: ['power off', 'power on'],
  'soft power off': ['soft power off'],
  'soft rebooting': ['soft power off', 'power on'],
}

/** Power over Redfish. Nothing is believed of a command's answer: the state is read, twice. */
export function redfishPower(bmcs: Bmcs, limits: PowerLimits = usual): PowerInterface {
  return {
    name: 'redfish',
    driverInfo: redfishFields,
    targets: ['power on', 'power off', 'rebooting', 'soft power off', 'soft rebooting'],
    validate: async ({ node }) => void redfishInfo(node.driver_info),
    getPowerState: (task) => readPower(bmcs, task),
    async setPowerState(task, target, { timeoutMs } = {}) {
      for (const reset of stages[target]) {
        if (reset === 'power on') await restoreBootDevice(bmcs, task)
        const limitMs = timeoutMs ?? (reset === 'soft power off' ? limits.softOffMs : limits.changeMs)
        await reach(bmcs, task, reset, limitMs)
      }
    },
    check: (task) => credentialCheck(task, () => readPower(bmcs, task)),
  }
}

const stateOf: Readonly<Record<string, PowerState>> = {
  On: 'power on',
  PoweringOn: 'power on',
  PoweringOff: 'power on',
  Paused: 'power on',
  Off: 'power off',
}

async function readSystem(bmcs: Bmcs, task: Task): Promise<System> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  return systemOf(bmc, info.systemId, task.signal)
}

async function readPower(bmcs: Bmcs, task: Task): Promise<PowerState> {
  const { body } = await readSystem(bmcs, task)
  const state = stateOf[body.PowerState ?? '']
  if (state) return state
  const said = body.PowerState ? `reports the power state ${body.PowerState.slice(0, 40)}` : 'reports no power state'
  throw new Fault('bmc_lied', `the BMC of node ${task.node.uuid} ${said}`)
}

async function reach(bmcs: Bmcs, task: Task, reset: Reset, limitMs: number): Promise<void> {
  const wanted: PowerState = reset === 'power on' ? 'power on' : 'power off'
  const deadline = task.clock.monotonicMs() + limitMs
  const refused = await command(bmcs, task, reset, wanted)
  const { seen, cause } = await watch(bmcs, task, wanted, refused ? Math.min(deadline, soon(task)) : deadline)
  if (seen === wanted) return
  // The BMC said no, and the machine is not where it should be: what it said is the reason.
  if (refused) throw refused
  const found = seen ? `it still reports "${seen}"` : `it does not say what it did (${explain(cause)})`
  const limit = formatDuration(limitMs)
  throw new Fault(
    'power_failed',
    `asked the BMC of node ${task.node.uuid} for "${reset}", and after ${limit} ${found}`,
    { cause },
  )
}

/** Long enough to see the wanted state twice when the machine had it all along. */
const soon = (task: Task): number => task.clock.monotonicMs() + 3_000

/** Sends the command. A refusal is given back, because some BMCs refuse what is already so; only the state tells. */
async function command(bmcs: Bmcs, task: Task, reset: Reset, wanted: PowerState): Promise<Fault | undefined> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const system = await systemOf(bmc, info.systemId, task.signal)
  const { body } = system
  // An off machine has nothing to shut down, and a pressed button would turn it on.
  if (reset === 'soft power off' && stateOf[body.PowerState ?? ''] === wanted) return undefined
  const action = body.Actions?.['#ComputerSystem.Reset']
  if (!action) throw new Fault('bmc_refused', `the BMC of node ${task.node.uuid} offers no way to change the power`)
  const offered = await resetTypesOf(bmc, system, task.signal)
  const type = resetTypes[reset].find((one) => !offered || offered.includes(one))
  if (!type) {
    throw new Fault(
      'bmc_refused',
      `the BMC of node ${task.node.uuid} does not offer "${reset}", only ${offered?.join(', ')}`,
    )
  }
  if (type === 'PushPowerButton' && stateOf[body.PowerState ?? ''] === wanted) return undefined
  try {
    await task.effect(reset, (signal) => bmc.post(action.target, { ResetType: type }, signal))
    return undefined
  } catch (error) {
    // No answer to an order says nothing about it: it may have been the answer that was lost.
    if (isFault(error, 'bmc_unreachable') && error.details['sent'] === true) return error
    if (isFault(error, 'bmc_refused') && isAlready(error)) return error
    throw error
  }
}

const isAlready = (error: Fault): boolean => [400, 409].includes(Number(error.details['status']))

/** Reads until the wanted state was seen twice in a row, or the time is up. Failed readings do not end it. */
async function watch(
  bmcs: Bmcs,
  task: Task,
  wanted: PowerState,
  deadline: number,
): Promise<{ seen?: PowerState; cause?: unknown }> {
  let inARow = 0
  let last: { seen?: PowerState; cause?: unknown } = {}
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.5, 2_000)) {
    try {
      last = { seen: await readPower(bmcs, task) }
      inARow = last.seen === wanted ? inARow + 1 : 0
      if (inARow === 2) return last
    } catch (cause) {
      task.signal.throwIfAborted()
      if (!(cause instanceof Fault) || cause.code === 'invalid') throw cause
      inARow = 0
      last = { cause }
    }
    if (task.clock.monotonicMs() + pauseMs > deadline) return last.seen === wanted ? { cause: last.cause } : last
    await task.clock.sleep(pauseMs, task.signal)
  }
}
