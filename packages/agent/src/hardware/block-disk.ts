import { constants } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { Fault, isFault } from '@ferrite/shared/fault'
import { codeOf, flushFully, openDirect, readFully, writeFully } from './direct-file.ts'
import type { DirectFile } from './direct-file.ts'
import type { Disk } from './disk.ts'
import { blockName, diskHolders } from './disk-holders.ts'
import { within } from './file-disk.ts'
import { run } from './run.ts'
import { zeroByDevice } from './zero-by-device.ts'

/**
 * Opens a block device for this process alone. Fault disk_not_found, or disk_in_use naming the mounts, swap, RAID or LVM
 * that hold it.
 */
export async function openBlockDisk(path: string): Promise<Disk> {
  const { name, sizeBytes, logicalSectorBytes } = await factsOf(path)
  let file: DirectFile | undefined = await openExclusive(path, name, logicalSectorBytes)
  const { direct, alignment, directRefused } = file
  /** The device may have been let go of for the kernel to read the partition table. */
  const handle = async () => (file ??= await openDirect(path, 0, logicalSectorBytes)).handle
  const close = async () => {
    const open = file
    file = undefined
    await open?.handle.close()
  }
  const place = (buffer: Uint8Array, offset: number) => ({ path, offset: within(buffer, offset, sizeBytes, path) })
  return {
    path,
    sizeBytes,
    logicalSectorBytes,
    alignment,
    direct,
    ...(directRefused === undefined ? {} : { directRefused }),
    write: async (buffer, offset) => writeFully(await handle(), buffer, place(buffer, offset)),
    read: async (buffer, offset) => readFully(await handle(), buffer, place(buffer, offset)),
    zero: (offset, bytes) => zeroByDevice(path, offset, bytes),
    flush: async () => flushFully(await handle(), path),
    dropCache: async () => {
      await tryOne([['blockdev', '--flushbufs', path]])
    },
    async rereadPartitions() {
      await close()
      await rereadPartitions(path)
    },
    [Symbol.asyncDispose]: close,
  }
}

type Facts = { name: string; sizeBytes: number; logicalSectorBytes: number }

async function factsOf(path: string): Promise<Facts> {
  try {
    const real = await realpath(path)
    const { rdev, mode } = await stat(real)
    if ((mode & constants.S_IFMT) !== constants.S_IFBLK) throw new Fault('disk_not_found', `${path} is no block device`)
    // Linux device numbers: 12 bits of major, 20 of minor, interleaved for compatibility.
    const major = ((rdev >>> 8) & 0xfff) | 0
    const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)
    const name = await blockName(major, minor)
    const sectors = await number(`/sys/class/block/${name}/size`)
    const logicalSectorBytes = await sectorBytesOf(name)
    const sizeBytes = sectors * 512 - ((sectors * 512) % logicalSectorBytes)
    if (sizeBytes === 0) throw new Fault('disk_not_found', `${path} has no medium, or has a size of zero`)
    if ((await number(`/sys/class/block/${name}/ro`)) === 1) throw new Fault('disk_failed', `${path} is read-only`)
    return { name, sizeBytes, logicalSectorBytes }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('disk_not_found', `there is no block device ${path}`, { cause })
  }
}

async function sectorBytesOf(name: string): Promise<number> {
  try {
    return await number(`/sys/class/block/${name}/queue/logical_block_size`)
  } catch {
    // A partition has no queue of its own.
    return number(`/sys/class/block/${name}/../queue/logical_block_size`)
  }
}

const number = async (path: string): Promise<number> => Number((await readFile(path, 'utf8')).trim())

async function openExclusive(path: string, name: string, sectorBytes: number): Promise<DirectFile> {
  try {
    return await openDirect(path, constants.O_EXCL, sectorBytes)
  } catch (cause) {
    if (codeOf(cause) !== 'EBUSY') throw new Fault('disk_failed', `cannot open ${path}`, { cause })
    const holders = await diskHolders(name)
    const who = holders.length > 0 ? holders.join(', ') : 'another program has it open exclusively'
    throw new Fault('disk_in_use', `${path} is in use: ${who}`, { holders })
  }
}

async function rereadPartitions(path: string): Promise<void> {
  await tryOne([
    ['blockdev', '--rereadpt', path],
    ['partx', '-u', path],
    ['partprobe', path],
  ])
  await tryOne([['udevadm', 'settle', '--timeout=20']])
}

/** Runs the first of these programs that is installed and succeeds; each may be missing in a small ramdisk. */
async function tryOne(commands: readonly (readonly [string, ...string[]])[]): Promise<boolean> {
  for (const [file, ...args] of commands) {
    try {
      if ((await run(file, args, { timeoutMs: 30_000 })).code === 0) return true
    } catch (error) {
      if (!isFault(error)) throw error
    }
  }
  return false
}
