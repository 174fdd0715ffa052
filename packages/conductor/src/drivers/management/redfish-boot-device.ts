import type { BootDevice } from '@ferrite/shared/contracts/nodes'
import { explain, Fault, isFault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import { bootOf, changesFor, modeShown } from '../../bmc/redfish/boot-override.ts'
import type { Boot, Override } from '../../bmc/redfish/boot-override.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { quirksOf } from '../../bmc/redfish/quirks.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { Task } from '../../core/task.ts'
import { bootModeOf, capability } from '../../steps/capabilities.ts'
import { restoreEachBootDevice } from './each-boot-device.ts'

const targets = {
  pxe: ['Pxe'],
  disk: ['Hdd'],
  cdrom: ['Cd', 'UsbCd'],
  bios: ['BiosSetup'],
  floppy: ['Floppy'],
  uefi_http: ['UefiHttp'],
} as const satisfies Partial<Record<BootDevice, readonly string[]>>
type Device = keyof typeof targets
const devices = Object.keys(targets) as Device[]
const isDevice = (device: string): device is Device => device in targets

export const deviceOf = (target: string | null | undefined): Device | null =>
  devices.find((device) => targets[device].some((one) => one === target)) ?? null

/** Devices that a machine can be told to boot from, by what its BMC lists; all when it lists nothing. */
export const devicesIn = (allowed: readonly string[] | undefined): Device[] =>
  devices.filter((device) => !allowed || targets[device].some((one) => allowed.includes(one)))

type Machine = { bmc: Redfish; boot: Boot }

async function machineOf(bmcs: Bmcs, task: Task): Promise<Machine> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  return { bmc, boot: await bootOf(bmc, await systemOf(bmc, info.systemId, task.signal), task.signal) }
}

/** Sets it and reads it back. A BMC that keeps devices for one boot only is told again at each power-on. */
export async function setBootDevice(bmcs: Bmcs, task: Task, device: BootDevice, persistent: boolean): Promise<void> {
  if (!isDevice(device))
    throw new Fault('unsupported', `Redfish has no boot device "${device}"; it has ${devices.join(', ')}`)
  if (task.node.internal.each_boot_device) await task.save({ internal: { each_boot_device: undefined } })
  if (!persistent) return setFor(bmcs, task, device, 'Once')
  try {
    await setFor(bmcs, task, device, 'Continuous')
  } catch (refused) {
    // Redfish has given up "Continuous", and some makers do not take it.
    if (!isFault(refused, 'bmc_refused') || !isAboutTheRequest(refused)) throw refused
    await setFor(bmcs, task, device, 'Once').catch((error: unknown) => {
      throw isFault(error, 'bmc_refused') ? refused : error
    })
    await task.save({ internal: { each_boot_device: device } })
    task.log.warn(
      { device, reason: explain(refused) },
      'BMC keeps a boot device for one boot only; it is set each time',
    )
  }
}

/** Before a power-on that we command. */
export const restoreBootDevice = (bmcs: Bmcs, task: Task): Promise<void> =>
  restoreEachBootDevice(task, isDevice, (device) => setFor(bmcs, task, device, 'Once'))

async function setFor(bmcs: Bmcs, task: Task, device: Device, enabled: Override['enabled']): Promise<void> {
  const machine = await machineOf(bmcs, task)
  const override = { target: targetFor(device, machine.boot), enabled, mode: wantedMode(task) }
  const say = ({ bmc, boot }: Machine) =>
    task.effect(`set the boot device to ${device}`, (signal) => order({ bmc, boot }, override, task, signal))
  await say(machine)
  const after = await shownAfter(bmcs, task, device, override)
  if (override.mode === undefined || modeShown(machine.boot) !== override.mode) return
  // The device came alone, as the mode was right, and the BMC has left that mode: now both are said.
  if (modeShown(after.boot) === override.mode) return
  await say(after)
  await shownAfter(bmcs, task, device, override)
}

/** Reads until the BMC shows the device. Fault bmc_lied when it does not. */
async function shownAfter(bmcs: Bmcs, task: Task, device: Device, { target, enabled }: Override): Promise<Machine> {
  for (const pauseMs of [0, 250, 1_000, 2_000, 4_000]) {
    await task.clock.sleep(pauseMs, task.signal)
    const machine = await machineOf(bmcs, task)
    const shown = machine.boot.places.find((place) => place.target === target && place.enabled !== 'Disabled')
    if (!shown) continue
    // Some BMCs keep only "once", others only "continuous": the next boot, which matters, is right.
    if (shown.enabled !== enabled)
      task.log.warn(
        { device, asked: enabled, shown: shown.enabled },
        'BMC keeps the boot device for another time than asked',
      )
    return machine
  }
  throw new Fault('bmc_lied', `the BMC of node ${task.node.uuid} took "${device}" as boot device, but does not show it`)
}

function targetFor(device: Device, { system, allowed }: Boot): string {
  const fitting = targets[device].filter((one) => !allowed || allowed.includes(one))
  const usb =
    device === 'cdrom' && allowed && quirksOf(system).virtualCdIsUsb
      ? fitting.find((one) => one === 'UsbCd')
      : undefined
  const [first] = fitting
  if (usb ?? first) return usb ?? first ?? ''
  throw new Fault(
    'unsupported',
    `the BMC does not offer "${device}" as boot device, only ${(allowed ?? []).join(', ')}`,
  )
}

/** Milliseconds between tries while the firmware is testing the machine and takes no changes. */
const postPausesMs = [5_000, 10_000, 20_000, 30_000, 30_000, 30_000]

/** Tells the BMC in the likeliest way first; one that refuses it is told in the others, with more or with less. */
async function order({ bmc, boot }: Machine, override: Override, task: Task, signal: AbortSignal): Promise<void> {
  const ways = changesFor(boot, override)
  if (ways.length === 0) throw new Fault('bug', 'there is no way to say a boot device')
  let refused: unknown
  for (const changes of ways) {
    try {
      for (const { resource, body } of changes) await patchAfterPost(bmc, { resource, body }, task, signal)
      return
    } catch (error) {
      if (!isFault(error, 'bmc_refused') || !isAboutTheRequest(error)) throw error
      refused ??= error
    }
  }
  throw refused
}

async function patchAfterPost(
  bmc: Redfish,
  { resource, body }: ReturnType<typeof changesFor>[number][number],
  task: Task,
  signal: AbortSignal,
): Promise<void> {
  for (const pauseMs of [...postPausesMs, undefined]) {
    try {
      await bmc.patch(resource, body, signal)
      return
    } catch (error) {
      if (pauseMs === undefined || !isFault(error, 'bmc_refused') || !isDuringPost(error)) throw error
      task.log.info('the machine is in its power-on self-test, where its BMC takes no changes; waiting')
      await task.clock.sleep(pauseMs, signal)
    }
  }
}

const isDuringPost = ({ details, message }: Fault): boolean =>
  /UnableToModifyDuringSystemPOST/i.test(`${String(details['ids'])} ${message}`)

/** Refused for what was asked, not for who asked or for the time being. */
const isAboutTheRequest = ({ details }: Fault): boolean =>
  [400, 405, 409, 422, 500, 501].includes(Number(details['status']))

/** The machine's boot mode as its operator declares it; undefined leaves the BMC's. */
function wantedMode({ node }: Task): Override['mode'] {
  const said = node.boot_mode ?? capability(node, 'boot_mode')
  if (said === undefined) return undefined
  return bootModeOf(node) === 'uefi' ? 'UEFI' : 'Legacy'
}
