import { rm } from 'node:fs/promises'
import path from 'node:path'
import { fetchMedium } from './medium.ts'
import type { Qmp } from './qmp.ts'

export type VmDrives = {
  /** URL of what each drive holds. */
  readonly media: ReadonlyMap<string, string>
  /** The medium as a file; undefined for an empty drive. */
  fileIn(slot: string): string | undefined
  /** Rejects when the medium cannot be had. */
  insert(slot: string, url: string): Promise<void>
  eject(slot: string): Promise<void>
}

const fetchMs = 120_000

/** A virtual machine's virtual drives: what a BMC puts into them is fetched at once. */
export function vmDrives(parts: {
  dir: string
  name: string
  /** Where the BMC finds what it is told to put into a drive. */
  mediumUrl: (url: string) => string
  /** Of the machine, while it runs. */
  qmp: () => Qmp | undefined
}): VmDrives {
  const media = new Map<string, string>()
  const fileOf = (slot: string) => path.join(parts.dir, `${parts.name}.${slot}.iso`)
  // In a machine that runs, only the CD can be changed; a stick is there from the next power-on.
  const change = async (slot: string, filename: string | undefined) => {
    const qmp = parts.qmp()
    if (slot !== 'Cd' || !qmp) return
    const done = filename
      ? qmp.execute('blockdev-change-medium', { id: 'cd0', filename, format: 'raw', force: true })
      : qmp.execute('eject', { id: 'cd0', force: true })
    await done.catch(() => {})
  }
  return {
    media,
    fileIn: (slot) => (media.has(slot) ? fileOf(slot) : undefined),
    async insert(slot, url) {
      await fetchMedium(parts.mediumUrl(url), fileOf(slot), AbortSignal.timeout(fetchMs))
      media.set(slot, url)
      await change(slot, fileOf(slot))
    },
    async eject(slot) {
      if (!media.delete(slot)) return
      await change(slot, undefined)
      await rm(fileOf(slot), { force: true })
    },
  }
}
