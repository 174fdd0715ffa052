import { powerTargets, type PowerTarget } from '@ferrite/shared/contracts/nodes'
import type {
  BootInterface,
  ConsoleInterface,
  InspectInterface,
  Interface,
  PowerInterface,
  RescueInterface,
} from '../../core/interfaces.ts'
import type { StorageInterface } from '../../core/interfaces.ts'
import type { Step } from '../../core/step.ts'
import { behave, fakeInterface } from './behaviour.ts'
import { fakeStepsOf } from './steps.ts'
import { remember } from './remember.ts'

const after = (target: PowerTarget): 'power on' | 'power off' =>
  target === 'power off' || target === 'soft power off' ? 'power off' : 'power on'

/** Off or on as it was told last; nothing before that. */
export const fakePower: PowerInterface = {
  ...fakeInterface('power'),
  targets: powerTargets,
  async getPowerState(task) {
    await behave(task, 'power')
    return task.node.internal.fake?.power ?? null
  },
  async setPowerState(task, target) {
    await behave(task, 'power')
    await remember(task, { power: after(target) })
  },
}

/** Whoever plays the machine starts the agent by himself. */
export const fakeBoot: BootInterface = {
  ...fakeInterface('boot'),
  carriesToken: false,
  async prepareRamdisk(task) {
    await behave(task, 'boot')
    await task.interfaces.management.setBootDevice(task, 'pxe', { persistent: false })
  },
  cleanUpRamdisk: (task) => behave(task, 'boot'),
  async prepareInstance(task) {
    await behave(task, 'boot')
    await task.interfaces.management.setBootDevice(task, 'disk', { persistent: true })
  },
  cleanUpInstance: (task) => behave(task, 'boot'),
}

export const fakeInspect: InspectInterface = {
  ...fakeInterface('inspect'),
  inspectSteps: [
    {
      interface: 'management',
      step: 'inspect',
      priority: 100,
      internal: true,
      async run(task) {
        await behave(task, 'inspect')
        return { done: true }
      },
    },
  ],
}

const rescueStep = (step: string): Step => ({
  interface: 'deploy',
  step,
  priority: 0,
  internal: true,
  async run(task) {
    await behave(task, 'rescue')
    return { done: true }
  },
})

export const fakeRescue: RescueInterface = {
  ...fakeInterface('rescue'),
  rescueSteps: [rescueStep('rescue')],
  unrescueSteps: [rescueStep('unrescue')],
}

export const fakeStorage: StorageInterface = {
  ...fakeInterface('storage'),
  attachVolumes: (task) => behave(task, 'storage'),
  detachVolumes: (task) => behave(task, 'storage'),
  shouldWriteImage: () => true,
}

export const fakeConsole: ConsoleInterface = {
  ...fakeInterface('console'),
  start: (task) => behave(task, 'console'),
  stop: (task) => behave(task, 'console'),
  info: async () => ({}),
}

/** Their work is in their steps. */
export const fakeBios: Interface = { ...fakeInterface('bios'), steps: fakeStepsOf('bios') }
export const fakeFirmware: Interface = { ...fakeInterface('firmware'), steps: fakeStepsOf('firmware') }
export const fakeRaid: Interface = { ...fakeInterface('raid'), steps: fakeStepsOf('raid') }
