import { mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { CommandError } from '@ferrite/cli/exit'
import { formatBytes, GiB, MiB } from '@ferrite/shared/units'
import { makeCloudImage } from '../image/cloud-image.ts'
import { demoImage, sha256Of } from '../image/demo-image.ts'
import type { DemoImage } from '../image/demo-image.ts'

const cacheDir = path.join(import.meta.dirname, '../../../.ferrite/cache')
const signal = AbortSignal.timeout(1_800_000)

/** `lab image small|debian`: builds it, unless it is there, and prints where it is. */
export async function buildImage(name: string | undefined, print: (text: string) => void): Promise<void> {
  if (name !== 'small' && name !== 'debian') {
    throw new CommandError('usage', `the images are small and debian, not ${name ?? 'nothing'}`)
  }
  const { file, description } = await (name === 'small' ? small() : debian(print))
  const { size } = await stat(file)
  print(`${file}\n${description}, ${formatBytes(size)}\nsha256:${await sha256Of(file)}\n`)
}

type Built = { file: string; description: string }

/** The image that is deployed for lack of another: Debian's kernel and busybox. Built once. */
export const makeSmallImage = (): Promise<DemoImage> =>
  demoImage({ cacheDir, kinds: ['debian'], sizeBytes: 64 * MiB, signal })

async function small(): Promise<Built> {
  const image = await makeSmallImage()
  return { file: image.path, description: image.description }
}

/** Always anew: its packages are those of today. */
async function debian(print: (text: string) => void): Promise<Built> {
  await mkdir(cacheDir, { recursive: true })
  const file = path.join(cacheDir, 'debian-cloud.img')
  const part = `${file}.${process.pid}`
  try {
    const packages = path.join(cacheDir, 'packages')
    const onLine = (line: string) => print(`${line}\n`)
    const release = await makeCloudImage(part, { packages, sizeBytes: GiB, signal, onLine })
    await rename(part, file)
    return { file, description: `Debian 12 with cloud-init, Linux ${release}, BIOS and UEFI` }
  } finally {
    await rm(part, { force: true })
  }
}
