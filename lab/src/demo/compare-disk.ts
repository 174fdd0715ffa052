import { Fault } from '@ferrite/shared/fault'
import { compare, type Comparison } from './compare.ts'
import type { ChosenImage } from './image-source.ts'
import type { Show } from './show.ts'

type Parts = {
  /** File of the machine's disk. */
  disk: string
  image: ChosenImage
  show: Show
  signal: AbortSignal
  checksum: Record<string, string>
}

/** Reads the image again, beside the machine's disk; the bytes that were compared must have the sum that was asked for. */
export async function compareDisk({ disk, image, show, signal, checksum }: Parts): Promise<Comparison> {
  const total = image.bytes
  const comparison = await compare(disk, await image.read(signal), {
    onProgress(bytes) {
      signal.throwIfAborted()
      show.picture.compared = { bytes, total }
    },
  })
  // The sum is that of what travelled, and the agent has checked it.
  if (image.encoded) return comparison
  const { image_os_hash_algo: algorithm, image_os_hash_value: wanted = '' } = checksum
  if (algorithm === 'sha256' && /^[0-9a-f]{64}$/.test(wanted) && wanted !== comparison.sha256) {
    throw new Fault(
      'image_digest_mismatch',
      `the image that was compared has sha256 ${comparison.sha256}, not ${wanted}`,
    )
  }
  return comparison
}
