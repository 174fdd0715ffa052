import { bootDevices, powerTargets, type PowerTarget } from '@ferrite/shared/contracts/nodes'
import type {
  BootInterface,
  DeployInterface,
  InspectInterface,
  ManagementInterface,
  PowerInterface,
} from '../../core/interfaces.ts'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'

// Interfaces for trying things out and for the field's client suites. There is no machine behind them: they remember
// what they were told, with the node, and say it back.
const common = { name: 'fake', driverInfo: {}, validate: async () => {} } as const

const after = (target: PowerTarget): 'power on' | 'power off' =>
  target === 'power off' || target === 'soft power off' ? 'power off' : 'power on'

export const fakePower: PowerInterface = {
  ...common,
  targets: powerTargets,
  getPowerState: async ({ node }) => node.internal.fake?.power ?? null,
  setPowerState: (task, target) => remember(task, { power: after(target) }),
}

export const fakeManagement: ManagementInterface = {
  ...common,
  supportedBootDevices: async () => bootDevices,
  getBootDevice: async ({ node: { internal } }) => ({
    boot_device: internal.fake?.boot_device ?? 'pxe',
    persistent: internal.fake?.persistent ?? false,
  }),
  setBootDevice: (task, device, { persistent }) => remember(task, { boot_device: device, persistent }),
}

/** Whoever plays the machine starts the agent by himself. */
export const fakeBoot: BootInterface = {
  ...common,
  carriesToken: false,
  prepareRamdisk: (task) => task.interfaces.management.setBootDevice(task, 'pxe', { persistent: false }),
  async cleanUpRamdisk() {},
  prepareInstance: (task) => task.interfaces.management.setBootDevice(task, 'disk', { persistent: true }),
  async cleanUpInstance() {},
}

const nothing: Step = { interface: 'deploy', step: 'deploy', priority: 100, run: async () => ({ done: true }) }
export const fakeDeploy: DeployInterface = { ...common, deploySteps: [nothing], cleanSteps: [] }

export const fakeInspect: InspectInterface = { ...common, async inspect() {} }

/** Takes every order and knows no boot device, as hardware that cannot be managed does. */
export const noopManagement: ManagementInterface = {
  ...common,
  name: 'noop',
  supportedBootDevices: async () => [],
  getBootDevice: async () => ({ boot_device: null, persistent: null }),
  async setBootDevice() {},
}

async function remember(task: Task, facts: NonNullable<Task['node']['internal']['fake']>): Promise<void> {
  await task.save({ internal: { fake: { ...task.node.internal.fake, ...facts } } })
}
