import { Fault, isFault } from '@ferrite/shared/fault'
import type { IpmiBmcs } from '../../bmc/ipmi/bmcs.ts'
import {
  bootFlagsRequest,
  ipmiBootDevices,
  isIpmiBootDevice,
  keepBootFlags,
  parseBootFlags,
  readBootFlags,
} from '../../bmc/ipmi/boot-flags.ts'
import type { BootFlags, IpmiBootDevice } from '../../bmc/ipmi/boot-flags.ts'
import { ipmiFields, ipmiInfo } from '../../bmc/ipmi/driver-info.ts'
import { parseFacts, parsePower, parseSensors } from '../../bmc/ipmi/parse.ts'
import type { ManagementInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { bootModeOf, capability } from '../../steps/capabilities.ts'
import { bootDeviceCheck } from '../check-bmc.ts'
import { restoreEachBootDevice } from './each-boot-device.ts'

/** Boot device, sensors and identification over IPMI, by ipmitool. */
export const ipmiManagement = (bmcs: IpmiBmcs): ManagementInterface => ({
  name: 'ipmitool',
  driverInfo: ipmiFields,
  validate: async ({ node }) => void ipmiInfo(node.driver_info),
  supportedBootDevices: async () => ipmiBootDevices,
  async getBootDevice(task) {
    const flags = await readFlags(bmcs, task)
    if (!flags) return { boot_device: null, persistent: null }
    return { boot_device: flags.device, persistent: flags.valid ? flags.persistent : null }
  },
  async setBootDevice(task, device, { persistent }) {
    if (!isIpmiBootDevice(device)) {
      throw new Fault('unsupported', `IPMI has no boot device "${device}"; it has ${ipmiBootDevices.join(', ')}`)
    }
    await setBootDevice(bmcs, task, device, persistent)
    const each_boot_device = persistent && ipmiInfo(task.node.driver_info).forceBootDevice ? device : undefined
    if (task.node.internal.each_boot_device !== each_boot_device) await task.save({ internal: { each_boot_device } })
  },
  async injectNmi({ node, signal }) {
    await bmcs.of(node.driver_info).change(['chassis', 'power', 'diag'], 'interrupt the machine (NMI)', signal)
  },
  async readSensors({ node, signal }) {
    return parseSensors(await bmcs.of(node.driver_info).read(['sdr', 'elist'], 'read its sensors', signal))
  },
  async identify({ node, signal }, seconds) {
    await bmcs
      .of(node.driver_info)
      .change(['chassis', 'identify', String(Math.trunc(seconds))], 'show where the machine is', signal)
  },
  async describeController({ node, signal }) {
    return parseFacts(await bmcs.of(node.driver_info).read(['mc', 'info'], 'tell what it is', signal))
  },
  check: (task) => bootDeviceCheck(task),
})

/** Before a power-on that we command, where the operator says that the BMC forgets. */
export const restoreIpmiBootDevice = (bmcs: IpmiBmcs, task: Task): Promise<void> =>
  restoreEachBootDevice(task, isIpmiBootDevice, (device) => setBootDevice(bmcs, task, device, true))

async function setBootDevice(bmcs: IpmiBmcs, task: Task, device: IpmiBootDevice, persistent: boolean): Promise<void> {
  const bmc = bmcs.of(task.node.driver_info)
  const uefi = wantsUefi(task)
  const what = `boot from ${device}`
  if (bmc.info.disableBootTimeout) await keepFlags(bmcs, task)
  // A BMC that shows something else may have been busy with itself: it is told once more.
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    await task.effect(`set the boot device to ${device}`, (signal) =>
      bmc.change(bootFlagsRequest(device, { persistent, uefi }), what, signal),
    )
    const shown = await shownAfter(bmcs, task, device)
    if (shown === device) return
    if (attempt < 2) continue
    // Some show what the running machine was booted from, and the new device once it is off.
    if (shown !== null && (await isOff(bmcs, task))) {
      throw new Fault(
        'bmc_lied',
        `the BMC of node ${task.node.uuid} took "${device}" as boot device, but shows "${shown}"`,
      )
    }
  }
  task.log.warn({ device }, 'the BMC does not show which boot device it was given; the boot itself will tell')
}

async function isOff(bmcs: IpmiBmcs, { node, signal }: Task): Promise<boolean> {
  const output = await bmcs.of(node.driver_info).read(['chassis', 'power', 'status'], 'read the power', signal)
  return parsePower(output) === 'power off'
}

/** Reads back a few times; null when the BMC shows none or does not say. */
async function shownAfter(bmcs: IpmiBmcs, task: Task, device: IpmiBootDevice): Promise<IpmiBootDevice | null> {
  let shown: IpmiBootDevice | null = null
  for (const pauseMs of [0, 250, 1_000]) {
    await task.clock.sleep(pauseMs, task.signal)
    shown = (await readFlags(bmcs, task))?.device ?? null
    if (shown === device) return shown
  }
  return shown
}

/** Undefined from a BMC that does not tell its boot flags. */
async function readFlags(bmcs: IpmiBmcs, { node, signal }: Task): Promise<BootFlags | undefined> {
  try {
    return parseBootFlags(await bmcs.of(node.driver_info).read(readBootFlags, 'read its boot device', signal))
  } catch (error) {
    if (isFault(error, 'bmc_refused') && error.details['reason'] === 'unsupported') return undefined
    throw error
  }
}

async function keepFlags(bmcs: IpmiBmcs, task: Task): Promise<void> {
  const bmc = bmcs.of(task.node.driver_info)
  try {
    await task.effect('keep the boot device', (signal) => bmc.read(keepBootFlags, 'keep its boot device', signal))
  } catch (error) {
    // Not every BMC has that clock; those that have not need not be told to stop it.
    if (!isFault(error, 'bmc_refused')) throw error
    task.log.debug('the BMC has no timer for its boot device that could be turned off')
  }
}

/** Without a word on the mode the flag is left out, so that the machine boots as its firmware is set up. */
function wantsUefi({ node }: Task): boolean {
  const said = capability(node, 'boot_mode') ?? node.boot_mode
  return said !== undefined && said !== null && bootModeOf(node) === 'uefi'
}
