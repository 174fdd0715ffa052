import type { Run } from './command.ts'
import { hashPassword } from './hash-password.ts'

/** The machine is its user's from here on: the ramdisk is told the password, and the agent serves nobody any more. */
export const finalizeRescue: Run<'rescue.finalize_rescue'> = async ({ rescue_password, hashed }, context) => {
  await context.hardware.handOver(hashed ? rescue_password : hashPassword(rescue_password))
  context.retire()
  return null
}
