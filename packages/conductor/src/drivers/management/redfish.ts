import type { BootDevice } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { redfishFields, redfishInfo } from '../../bmc/redfish/driver-info.ts'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { System } from '../../bmc/redfish/system.ts'
import type { ManagementInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { bootDeviceCheck } from '../check-bmc.ts'
import { redfishExtras } from './redfish-extras.ts'

const targets = {
  pxe: 'Pxe',
  disk: 'Hdd',
  cdrom: 'Cd',
  bios: 'BiosSetup',
  floppy: 'Floppy',
  uefi_http: 'UefiHttp',
} as const satisfies Partial<Record<BootDevice, string>>
type Device = keyof typeof targets
const devices = Object.keys(targets) as Device[]

/** Boot device over Redfish: once or for good, and read back. */
export function redfishManagement(bmcs: Bmcs): ManagementInterface {
  return {
    name: 'redfish',
    driverInfo: redfishFields,
    validate: async ({ node }) => void redfishInfo(node.driver_info),
    async supportedBootDevices(task) {
      const { body } = await readSystem(bmcs, task)
      const allowed = body.Boot?.['BootSourceOverrideTarget@Redfish.AllowableValues']
      return devices.filter((device) => !allowed || allowed.includes(targets[device]))
    },
    async getBootDevice(task) {
      const boot = (await readSystem(bmcs, task)).body.Boot
      const enabled = boot?.BootSourceOverrideEnabled
      const device = devices.find((one) => targets[one] === boot?.BootSourceOverrideTarget) ?? null
      if (device === null || !enabled || enabled === 'Disabled') return { boot_device: null, persistent: null }
      return { boot_device: device, persistent: enabled === 'Continuous' }
    },
    setBootDevice: (task, device, { persistent }) =>
      setBootDevice(bmcs, task, device, persistent ? 'Continuous' : 'Once'),
    check: (task) => bootDeviceCheck(task),
    ...redfishExtras(bmcs),
  }
}

async function readSystem(bmcs: Bmcs, task: Task): Promise<System> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  return systemOf(bmc, info.systemId, task.signal)
}

async function setBootDevice(
  bmcs: Bmcs,
  task: Task,
  device: BootDevice,
  enabled: 'Once' | 'Continuous',
): Promise<void> {
  if (!(device in targets))
    throw new Fault('unsupported', `Redfish has no boot device "${device}"; it has ${devices.join(', ')}`)
  const target = targets[device as Device]
  const { bmc } = await bmcs.of(task.node.driver_info)
  const { resource, body } = await readSystem(bmcs, task)
  const mode = wantedMode(task)
  const hasMode = body.Boot?.BootSourceOverrideMode !== undefined && body.Boot.BootSourceOverrideMode !== null
  const boot = {
    BootSourceOverrideEnabled: enabled,
    BootSourceOverrideTarget: target,
    ...(mode && hasMode ? { BootSourceOverrideMode: mode } : {}),
  }
  await task.effect(`set the boot device to ${device}`, (signal) => bmc.patch(resource, { Boot: boot }, signal))
  for (const pauseMs of [0, 250, 1_000, 2_000, 4_000]) {
    await task.clock.sleep(pauseMs, task.signal)
    const now = (await readSystem(bmcs, task)).body.Boot
    if (now?.BootSourceOverrideTarget !== target || now.BootSourceOverrideEnabled === 'Disabled') continue
    // Some BMCs keep only "once", others only "continuous": the next boot, which matters, is right.
    if (now.BootSourceOverrideEnabled !== enabled)
      task.log.warn(
        { device, asked: enabled, shown: now.BootSourceOverrideEnabled },
        'BMC keeps the boot device for another time than asked',
      )
    return
  }
  throw new Fault('bmc_lied', `the BMC of node ${task.node.uuid} took "${device}" as boot device, but does not show it`)
}

/** The machine's boot mode as its operator declares it; undefined leaves the BMC's. */
function wantedMode({ node }: Task): 'UEFI' | 'Legacy' | undefined {
  const mode =
    node.boot_mode ?? capability(node.instance_info['capabilities']) ?? capability(node.properties['capabilities'])
  return mode === 'uefi' ? 'UEFI' : mode === 'bios' ? 'Legacy' : undefined
}

/** `boot_mode` in capabilities, which are an object or `name:value,name:value`. */
function capability(given: unknown): string | undefined {
  if (typeof given === 'string') return /(?:^|[,{"\s])boot_mode"?\s*:\s*"?(uefi|bios)\b/.exec(given)?.[1]
  const mode = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)['boot_mode'] : undefined
  return typeof mode === 'string' ? mode : undefined
}
