import { Fault } from '@ferrite/shared/fault'
import { ascii, both32 } from './fields.ts'

// System use entries (SUSP, RRIP 1.09): SP says that they are here, ER which; PX and NM carry mode and name.
export const rockRidgeStart = [...ascii('SP'), 7, 1, 0xbe, 0xef, 0]
export const rockRidgeExtension = [...ascii('ER'), 18, 1, 10, 0, 0, 1, ...ascii('RRIP_1991A')]

/** Read-only, owned by root. */
export const posixAttributes = (directory: boolean): number[] => [
  ...ascii('PX'),
  36,
  1,
  ...both32(directory ? 0o040555 : 0o100444),
  ...both32(directory ? 2 : 1),
  ...both32(0),
  ...both32(0),
]

/** The name as it was given. */
export function alternateName(name: string): number[] {
  const bytes = [...Buffer.from(name, 'utf8')]
  if (bytes.length > 120)
    throw new Fault('invalid', `an ISO image cannot hold a name as long as ${JSON.stringify(name)}`)
  return [...ascii('NM'), 5 + bytes.length, 1, 0, ...bytes]
}
