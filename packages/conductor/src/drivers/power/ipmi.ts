import type { PowerState, PowerTarget } from '@ferrite/shared/contracts/nodes'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { IpmiBmcs } from '../../bmc/ipmi/bmcs.ts'
import { ipmiFields, ipmiInfo } from '../../bmc/ipmi/driver-info.ts'
import { parsePower } from '../../bmc/ipmi/parse.ts'
import type { PowerInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { credentialCheck } from '../check-bmc.ts'
import { restoreIpmiBootDevice } from '../management/ipmi.ts'
import { seeTwice } from './see-twice.ts'

export type PowerLimits = { changeMs: number; softOffMs: number }

type Order = 'power on' | 'power off' | 'soft power off'
const words = { 'power on': 'on', 'power off': 'off', 'soft power off': 'soft' } as const satisfies Record<
  Order,
  string
>

/** A reboot is an off that was seen and an on that was seen. "cycle" shows neither, and some BMCs refuse it. */
const stages: Record<PowerTarget, readonly Order[]> = {
  'power on': ['power on'],
  'power off': ['power off'],
  rebooting: ['power off', 'power on'],
  'soft power off': ['soft power off'],
  'soft rebooting': ['soft power off', 'power on'],
}

/** Power over IPMI, by ipmitool. */
export const ipmiPower = (bmcs: IpmiBmcs, limits: PowerLimits): PowerInterface => ({
  name: 'ipmitool',
  driverInfo: ipmiFields,
  targets: ['power on', 'power off', 'rebooting', 'soft power off', 'soft rebooting'],
  validate: async ({ node }) => void ipmiInfo(node.driver_info),
  getPowerState: (task) => readPower(bmcs, task),
  async setPowerState(task, target, { timeoutMs } = {}) {
    for (const order of stages[target]) {
      if (order === 'power on') await restoreIpmiBootDevice(bmcs, task)
      const limitMs = timeoutMs ?? (order === 'soft power off' ? limits.softOffMs : limits.changeMs)
      await reach(bmcs, task, order, limitMs)
    }
  },
  check: (task) => credentialCheck(task, () => readPower(bmcs, task)),
})

async function readPower(bmcs: IpmiBmcs, { node, signal }: Task): Promise<PowerState> {
  const output = await bmcs.of(node.driver_info).read(['chassis', 'power', 'status'], 'read the power', signal)
  const state = parsePower(output)
  if (state) return state
  throw new Fault(
    'bmc_lied',
    `the BMC of node ${node.uuid} says neither on nor off, but: ${output.trim().slice(0, 80)}`,
  )
}

async function reach(bmcs: IpmiBmcs, task: Task, order: Order, limitMs: number): Promise<void> {
  const wanted: PowerState = order === 'power on' ? 'power on' : 'power off'
  // An off machine has nothing to shut down: BMCs refuse that, or press a button.
  const already = order === 'soft power off' && (await readPower(bmcs, task)) === wanted
  const refused = already ? undefined : await command(bmcs, task, order)
  await seeTwice({ task, asked: order, wanted, limitMs, read: () => readPower(bmcs, task), refused })
}

async function command(bmcs: IpmiBmcs, task: Task, order: Order): Promise<Fault | undefined> {
  const bmc = bmcs.of(task.node.driver_info)
  try {
    await task.effect(order, (signal) => bmc.change(['chassis', 'power', words[order]], `do "${order}"`, signal))
    return undefined
  } catch (error) {
    // No answer to an order says nothing about it: it may have been the answer that was lost.
    if (isFault(error, 'bmc_unreachable')) return error
    if (!isFault(error, 'bmc_refused') || error.details['reason'] === 'credentials') throw error
    return error
  }
}
