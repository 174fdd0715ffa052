import path from 'node:path'
import { explain } from '@ferrite/shared/fault'
import { demoImage } from '@ferrite/lab/image/demo-image'
import { whatIsMissing } from '@ferrite/lab/vm/needs'
import { ramdiskFiles } from '@ferrite/lab/vm/ramdisk-files'

const cacheDir = path.join(import.meta.dirname, '../../.ferrite/cache')

/** The ramdisk and the image that all tests with machines use, built once before them. */
export async function setup(project: { provide(key: 'machines', value: MachinesFixture): void }): Promise<void> {
  const missing = whatIsMissing({ firmware: ['bios', 'uefi'], bmcs: ['redfish', 'ipmi'], net: 'netns' })
  if (missing) return project.provide('machines', { missing })
  try {
    const ramdisk = await ramdiskFiles()
    const signal = AbortSignal.timeout(120_000)
    const { path: image } = await demoImage({ cacheDir, kinds: ['debian'], sizeBytes: 64 << 20, signal })
    project.provide('machines', { ramdisk, image })
  } catch (error) {
    // No mirror of Debian's packages, most likely; a build that is broken has a test of its own.
    const reason = `what machines boot cannot be built: ${explain(error)}`
    console.warn(reason)
    project.provide('machines', { missing: reason })
  }
}

export type MachinesFixture =
  | { missing: string }
  | { missing?: undefined; ramdisk: Awaited<ReturnType<typeof ramdiskFiles>>; image: string }

declare module 'vitest' {
  interface ProvidedContext {
    machines: MachinesFixture
  }
}
