import path from 'node:path'
import { CommandError } from '@ferrite/cli/exit'
import { formatBytes, MiB } from '@ferrite/shared/units'
import { demoImage } from '../image/demo-image.ts'

const cacheDir = path.join(import.meta.dirname, '../../../.ferrite/cache')
export const smallImageBytes = 64 * MiB

/** `lab image small|debian`: builds it, unless it is there, and prints where it is. */
export async function buildImage(name: string | undefined, print: (text: string) => void): Promise<void> {
  if (name !== 'small') throw new CommandError('usage', `the images are small and debian, not ${name ?? 'nothing'}`)
  const signal = AbortSignal.timeout(600_000)
  const image = await demoImage({ cacheDir, kinds: ['debian'], sizeBytes: smallImageBytes, signal })
  print(`${image.path}\n${image.description}, ${formatBytes(image.bytes)}\nsha256:${image.sha256}\n`)
}
