import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import { redfishFields, redfishInfo } from '../../bmc/redfish/driver-info.ts'
import { managersOf } from '../../bmc/redfish/managers.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import type { System } from '../../bmc/redfish/system.ts'
import type { ManagementInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { bootDeviceCheck } from '../check-bmc.ts'
import { deviceOf, devicesIn, setBootDevice } from './redfish-boot-device.ts'
import { redfishExtras } from './redfish-extras.ts'
import { redfishIndicators } from './redfish-indicators.ts'
import { readRedfishSensors } from './redfish-sensors.ts'

/** Boot device over Redfish, once or for good, and what else a BMC has to say and to set. */
export function redfishManagement(bmcs: Bmcs): ManagementInterface {
  return {
    name: 'redfish',
    driverInfo: redfishFields,
    validate: async ({ node }) => void redfishInfo(node.driver_info),
    async supportedBootDevices(task) {
      const { body } = await readSystem(bmcs, task)
      return devicesIn(body.Boot?.['BootSourceOverrideTarget@Redfish.AllowableValues'])
    },
    async getBootDevice(task) {
      const boot = (await readSystem(bmcs, task)).body.Boot
      const enabled = boot?.BootSourceOverrideEnabled
      const device = deviceOf(boot?.BootSourceOverrideTarget)
      const each = task.node.internal.each_boot_device
      if (each && (device === null || device === each)) return { boot_device: each, persistent: true }
      if (device === null || !enabled || enabled === 'Disabled') return { boot_device: null, persistent: null }
      return { boot_device: device, persistent: enabled === 'Continuous' }
    },
    setBootDevice: (task, device, { persistent }) => setBootDevice(bmcs, task, device, persistent),
    readSensors: (task) => readRedfishSensors(bmcs, task),
    describeController: (task) => describeController(bmcs, task),
    ...redfishIndicators(bmcs),
    ...redfishExtras(bmcs),
    check: (task) => bootDeviceCheck(task),
  }
}

async function readSystem(bmcs: Bmcs, task: Task): Promise<System> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  return systemOf(bmc, info.systemId, task.signal)
}

/** In the words in which IPMI says the same. */
async function describeController(bmcs: Bmcs, task: Task): Promise<Record<string, string>> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const system = await systemOf(bmc, info.systemId, task.signal)
  const [manager] = await managersOf(bmc, system, task.signal)
  const facts: [string, unknown][] = [
    ['Manufacturer Name', system.body.Manufacturer],
    ['Product Name', system.body.Model],
    ['Firmware Revision', manager?.body['FirmwareVersion']],
    ['Controller Model', manager?.body['Model']],
  ]
  return Object.fromEntries(
    facts.flatMap(([name, value]) => (typeof value === 'string' && value.trim() ? [[name, value.trim()]] : [])),
  )
}
