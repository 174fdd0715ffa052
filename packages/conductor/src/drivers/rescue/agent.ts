import type { RescueInterface } from '../../core/interfaces.ts'
import { bootRescue, finalizeRescue, handOverRescue, unrescue } from '../../steps/rescue/rescue.ts'
import type { StepSettings } from '../../steps/settings.ts'

/** A ramdisk in the place of the instance, with a password of the operator's choice. */
export const agentRescue = (settings: StepSettings): RescueInterface => ({
  name: 'agent',
  driverInfo: {},
  rescueSteps: [bootRescue(settings), finalizeRescue, handOverRescue],
  unrescueSteps: [unrescue],
  validate: (task) => task.interfaces.boot.validate(task),
})
