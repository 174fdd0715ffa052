import type { InspectInterface } from '../../core/interfaces.ts'
import {
  bootInspection,
  processInspection,
  tearDownInspection,
  type AgentInspection,
} from '../../steps/inspect/agent-inspection.ts'

/** A ramdisk looks at the machine from the inside and sends what it finds. */
export const agentInspect = (parts: AgentInspection): InspectInterface => ({
  name: 'agent',
  driverInfo: {},
  inspectSteps: [bootInspection(parts), processInspection(parts), tearDownInspection(parts)],
  validate: (task) => task.interfaces.boot.validate(task),
})
