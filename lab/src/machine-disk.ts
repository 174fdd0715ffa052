import { open, stat, truncate } from 'node:fs/promises'
import { writeFile } from 'node:fs/promises'

/** The disk of a machine: a sparse file. */
export type MachineDisk = {
  readonly path: string
  readonly sizeBytes: number
  read(length: number, offset: number): Promise<Uint8Array>
  /** Why the firmware would start from this disk, or undefined. */
  bootable(): Promise<string | undefined>
}

/** Makes the disk when its file is missing; an existing file keeps its bytes and its size. */
export async function machineDisk(path: string, sizeBytes: number): Promise<MachineDisk> {
  const existing = await stat(path).catch(() => undefined)
  if (!existing) {
    await writeFile(path, '')
    await truncate(path, sizeBytes)
  }
  const read = async (length: number, offset: number) => {
    await using file = await open(path, 'r')
    const bytes = new Uint8Array(length)
    const { bytesRead } = await file.read(bytes, 0, length, offset)
    return bytes.subarray(0, bytesRead)
  }
  return {
    path,
    sizeBytes: existing?.size ?? sizeBytes,
    read,
    async bootable() {
      const head = Buffer.from(await read(34 * 512, 0))
      if (head.length < 1024 || head.readUInt16LE(510) !== 0xaa55) return undefined
      if (head.toString('latin1', 512, 520) === 'EFI PART') return 'a GPT'
      const partitions = [446, 462, 478, 494].filter((at) => head[at + 4] !== 0)
      if (partitions.some((at) => head[at] === 0x80)) return 'an MBR with an active partition'
      return head.subarray(0, 440).some((byte) => byte !== 0) ? 'boot code in its first sector' : undefined
    },
  }
}
