import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'

export const isUuid = (text: string): boolean => z.guid().safeParse(text).success

const unreserved = /^[A-Za-z0-9._~-]{1,255}$/
const hostname = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/

/** Words that are paths below /v1/nodes, so no node may be called so. */
export const reservedNames: readonly string[] = [
  'maintenance',
  'management',
  'states',
  'vendor_passthru',
  'detail',
  'validate',
  'ports',
  'portgroups',
  'vifs',
  'volume',
  'traits',
  'bios',
  'allocation',
  'history',
  'inventory',
  'children',
  'firmware',
  'vmedia',
]

/** RFC 3986 unreserved characters (a host name before microversion 1.10), and no uuid: otherwise a node could not be told from another. */
export function isNodeName(name: string, microversion: number): boolean {
  const pattern = microversion < 10 ? hostname : unreserved
  return name.length <= 255 && pattern.test(name) && !isUuid(name)
}

/** Fault invalid; `refusal` says for what the name was wanted. */
export function checkNodeName(name: string, microversion: number, refusal: (name: string) => string): void {
  if (!isNodeName(name, microversion)) throw new Fault('invalid', refusal(name.slice(0, 255)))
  if (reservedNames.includes(name)) {
    throw new Fault(
      'invalid',
      `The word "${name}" is reserved and can not be used as a node name. Reserved words are: ${reservedNames.join(', ')}.`,
    )
  }
}
