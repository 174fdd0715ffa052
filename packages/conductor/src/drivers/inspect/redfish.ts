import { Fault } from '@ferrite/shared/fault'
import { GiB, MiB } from '@ferrite/shared/units'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import { describeSystem, type SystemFacts } from '../../bmc/redfish/describe-system.ts'
import { redfishFields, redfishInfo } from '../../bmc/redfish/driver-info.ts'
import type { Findings } from '../../core/findings.ts'
import type { InspectInterface } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'

/** Asks the BMC what its machine is: properties and ports, without touching the machine. */
export const redfishInspect = (bmcs: Bmcs, findings: Findings): InspectInterface => ({
  name: 'redfish',
  driverInfo: redfishFields,
  validate: async ({ node }) => void redfishInfo(node.driver_info),
  inspectSteps: [
    {
      interface: 'management',
      step: 'inspect',
      priority: 100,
      internal: true,
      async run(task) {
        await inspect(task, bmcs, findings)
        return { done: true }
      },
    },
  ],
})

async function inspect(task: Task, bmcs: Bmcs, findings: Findings): Promise<void> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const facts = await describeSystem(bmc, info.systemId, task.signal)
  const found = propertiesOf(facts)
  const properties = { ...task.node.properties, ...found }
  // Without these nothing can be scheduled; what the operator wrote himself counts.
  const missing = ['cpu_arch', 'memory_mb'].filter((name) => properties[name] === undefined)
  if (missing.length > 0) {
    throw new Fault('bmc_refused', `the BMC of node ${task.node.uuid} does not say: ${missing.join(', ')}`)
  }
  for (const nic of facts.nics.filter(({ up }) => up)) {
    const made = await task.effect('create a port', () =>
      findings.createPort({ address: nic.mac, node_uuid: task.node.uuid }),
    )
    task.log.info({ address: nic.mac, made }, made ? 'port created' : 'the port exists already')
  }
  if (facts.nics.length === 0) task.log.warn('the BMC names no network interfaces: no ports were created')
  await task.effect('keep the inventory', () =>
    task.details.setInventory(task.node.uuid, { inventory: inventoryOf(facts), plugin_data: {} }),
  )
  await task.save({ properties })
}

function propertiesOf({ cpus, arch, memoryBytes, disks, bootMode: _mode }: SystemFacts): Record<string, unknown> {
  const [smallest] = disks.map(({ bytes }) => bytes).toSorted((a, b) => a - b)
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(arch === undefined ? {} : { cpu_arch: arch }),
    ...(memoryBytes === undefined ? {} : { memory_mb: Math.floor(memoryBytes / MiB) }),
    // One GiB is left for partition tables and config drives, as Ironic's schedulers expect.
    ...(smallest === undefined ? {} : { local_gb: Math.max(0, Math.floor(smallest / GiB) - 1) }),
  }
}

/** In the shape of an agent's inventory, as far as a BMC can tell. */
const inventoryOf = (facts: SystemFacts): Record<string, unknown> => ({
  interfaces: facts.nics.map(({ name, mac, up }) => ({ name, mac_address: mac, has_carrier: up })),
  cpu: { count: facts.cpus ?? null, architecture: facts.arch ?? null, model_name: facts.cpuModel ?? null },
  memory: { physical_mb: facts.memoryBytes === undefined ? null : Math.floor(facts.memoryBytes / MiB) },
  disks: facts.disks.map(({ name, bytes, ...rest }) => ({ name, size: bytes, ...rest })),
  system_vendor: { manufacturer: facts.manufacturer, product_name: facts.model, serial_number: facts.serial },
  boot: { current_boot_mode: facts.bootMode ?? null },
})
