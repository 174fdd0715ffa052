import { Fault } from '@ferrite/shared/fault'
import type { ImageFormat } from './image-formats.ts'

/** Disks with a partition table have a name of their own only in newer Ironic, one name for either table. */
const ironicNames: Partial<Record<ImageFormat, readonly string[]>> = { gpt: ['gpt', 'raw'], mbr: ['gpt', 'raw'] }

/** What is declared so is written byte for byte and never converted; Ironic and IPA do not ask for more. */
const neverConverted = ['raw', 'gpt']

/**
 * Fault image_format_refused unless the conductor's list has the format; without a list all are permitted. A list that has
 * raw permits disks with partition tables: to conductors as old as 21.4 nothing else is known.
 */
export function refuseUnlessPermitted(
  { declared, detected }: { declared: string | null; detected: ImageFormat },
  permitted: readonly string[] | undefined,
): void {
  if (!permitted || neverConverted.includes(declared?.trim().toLowerCase() ?? '')) return
  const names = ironicNames[detected] ?? [detected]
  if (names.some((name) => permitted.includes(name))) return
  const list = permitted.join(', ')
  throw new Fault('image_format_refused', `the image is ${names[0]}, and the conductor permits only ${list}`)
}
