import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import { begin, type Asked, type Change } from '../begin.ts'
import { hashPassword } from '../hash-password.ts'
import type { RequestParts } from '../request-parts.ts'

/** Boots the rescue ramdisk with a password. Only its hash is kept, until the ramdisk has it. */
export async function rescue(parts: RequestParts, asked: Asked, body: ProvisionRequest): Promise<Change> {
  const { node } = asked
  await parts.validateFor(node, ['rescue', 'power', 'network'])
  const hashed_rescue_password = hashPassword(body.rescue_password ?? '')
  return begin(parts, asked, 'rescue', {
    set: { instance_info: { ...node.instance_info, hashed_rescue_password } },
  })
}

export async function unrescue(parts: RequestParts, asked: Asked): Promise<Change> {
  await parts.validateFor(asked.node, ['rescue', 'power'])
  return begin(parts, asked, 'unrescue')
}
