import { stat } from 'node:fs/promises'
import type { Disk } from './disk.ts'
import { openBlockDisk } from './block-disk.ts'
import { codeOf } from './direct-file.ts'
import { openFileDisk } from './file-disk.ts'
import type { FileDiskOptions } from './file-disk.ts'

/** What a path names: a block device, a file, or nothing yet. */
export async function kindOfDisk(path: string): Promise<'block' | 'file' | 'missing'> {
  try {
    return (await stat(path)).isBlockDevice() ? 'block' : 'file'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing'
    throw error
  }
}

/** Opens a block device exclusively, or a regular file that acts like a disk. */
export async function openAnyDisk(path: string, options: FileDiskOptions = {}): Promise<Disk> {
  return (await kindOfDisk(path)) === 'block' ? openBlockDisk(path) : openFileDisk(path, options)
}
