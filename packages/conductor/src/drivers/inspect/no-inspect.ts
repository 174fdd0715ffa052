import { Fault } from '@ferrite/shared/fault'
import type { InspectInterface } from '../../core/interfaces.ts'

const refuse = async ({ node }: { node: { driver: string } }): Promise<never> => {
  throw new Fault('unsupported', `Driver ${node.driver} does not support inspection (disabled or not implemented).`)
}

/** Says no, so that nothing pretends to have looked. */
export const noInspect: InspectInterface = { name: 'no-inspect', driverInfo: {}, validate: refuse, inspect: refuse }
