import { Fault } from '@ferrite/shared/fault'
import type { RescueInterface } from '../../core/interfaces.ts'

/** Says no, so that nothing pretends to have rescued. */
export const noRescue: RescueInterface = {
  name: 'no-rescue',
  driverInfo: {},
  rescueSteps: [],
  unrescueSteps: [],
  async validate({ node }) {
    throw new Fault('unsupported', `Driver ${node.driver} does not support rescue (disabled or not implemented).`)
  },
}
