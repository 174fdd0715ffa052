import { Fault } from '@ferrite/shared/fault'
import type { InspectInterface } from '../../core/interfaces.ts'

/** Says no, so that nothing pretends to have looked. */
export const noInspect: InspectInterface = {
  name: 'no-inspect',
  driverInfo: {},
  inspectSteps: [],
  async validate({ node }) {
    throw new Fault('unsupported', `Driver ${node.driver} does not support inspection (disabled or not implemented).`)
  },
}
