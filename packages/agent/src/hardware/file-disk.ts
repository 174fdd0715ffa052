import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import { codeOf, flushFully, openDirect, readFully, writeFully } from './direct-file.ts'
import type { Disk } from './disk.ts'
import { run } from './run.ts'
import { zeroByDevice } from './zero-by-device.ts'

export type FileDiskOptions = {
  /** Makes the file this large (sparse); without it the file is taken as it is. */
  sizeBytes?: number
  /** Makes the file when there is none. */
  create?: boolean
  /** What the disk shall claim as its sector size; 512 unless told. */
  logicalSectorBytes?: number
}

/** Opens a regular file that acts like a disk. Fault disk_not_found when there is none, disk_failed when it is too small. */
export async function openFileDisk(path: string, options: FileDiskOptions = {}): Promise<Disk> {
  const { logicalSectorBytes = 512 } = options
  const sizeBytes = await prepareFile(path, options, logicalSectorBytes)
  const file = await openAligned(path, sizeBytes, logicalSectorBytes)
  return {
    path,
    sizeBytes,
    logicalSectorBytes,
    alignment: file.alignment,
    direct: file.direct,
    ...(file.directRefused === undefined ? {} : { directRefused: file.directRefused }),
    write: async (buffer, offset) =>
      writeFully(file.handle, buffer, { path, offset: within(buffer, offset, sizeBytes, path) }),
    read: async (buffer, offset) =>
      readFully(file.handle, buffer, { path, offset: within(buffer, offset, sizeBytes, path) }),
    zero: (offset, bytes) => zeroByDevice(path, offset, bytes),
    flush: () => flushFully(file.handle, path),
    async dropCache() {
      // dd's nocache is the only posix_fadvise(DONTNEED) that every machine has; without it the cache is read.
      if (!file.direct) await bestEffort(run('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { timeoutMs: 10_000 }))
    },
    rereadPartitions: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => file.handle.close(),
  }
}

async function prepareFile(path: string, options: FileDiskOptions, sectorBytes: number): Promise<number> {
  const { sizeBytes, create } = options
  await refuseUnlessFile(path)
  let handle
  try {
    handle = await open(path, constants.O_RDWR | (create ? constants.O_CREAT : 0), 0o600)
  } catch (cause) {
    const code = codeOf(cause) === 'ENOENT' ? 'disk_not_found' : 'disk_failed'
    throw new Fault(code, `cannot open the file ${path} as a disk`, { cause })
  }
  try {
    if (sizeBytes !== undefined) await handle.truncate(sizeBytes)
    const { size } = await handle.stat()
    const whole = size - (size % sectorBytes)
    if (whole === 0) throw new Fault('disk_failed', `the file ${path} has no room for a single sector; give it a size`)
    return whole
  } finally {
    await handle.close()
  }
}

/** What is not there yet may become a file. */
async function refuseUnlessFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (!found || found.isFile()) return
  throw new Fault('disk_not_found', `${path} is neither a block device nor a regular file`)
}

/** A file system may want 4096-byte alignment of a file that is no multiple of it: then the cache has to be used. */
async function openAligned(path: string, sizeBytes: number, sectorBytes: number) {
  const file = await openDirect(path, 0, sectorBytes)
  if (!file.direct || sizeBytes % file.alignment === 0) return file
  await file.handle.close()
  const handle = await open(path, constants.O_RDWR)
  const directRefused = `the size is no multiple of ${file.alignment}`
  return { handle, direct: false, alignment: sectorBytes, directRefused }
}

/** The offset, if the access stays inside the disk: a file would simply grow, and a real disk would not. */
export function within(buffer: Uint8Array, offset: number, sizeBytes: number, path: string): number {
  if (offset >= 0 && offset + buffer.length <= sizeBytes) return offset
  throw new Fault('disk_failed', `${path} ends at ${sizeBytes}, before ${offset + buffer.length}`, { offset })
}

async function bestEffort(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
}
