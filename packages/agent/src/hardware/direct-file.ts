import { constants, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import { allocateAligned } from './disk.ts'

export type DirectFile = { handle: FileHandle; direct: boolean; alignment: number; directRefused?: string }

/**
 * Opens for reading and writing around the page cache. Where that is not possible (tmpfs, odd devices), through the
 * cache, and `directRefused` says why.
 */
export async function openDirect(path: string, flags: number, sectorBytes: number): Promise<DirectFile> {
  const plain = flags | constants.O_RDWR
  let handle: FileHandle
  try {
    handle = await open(path, plain | constants.O_DIRECT)
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error
    const buffered = await open(path, plain)
    return { handle: buffered, direct: false, alignment: sectorBytes, directRefused: 'O_DIRECT is not supported' }
  }
  // Some devices want more than their logical sector size; they say so only when asked.
  for (const alignment of [sectorBytes, 4096]) {
    if (await accepts(handle, alignment)) return { handle, direct: true, alignment }
  }
  await handle.close()
  const buffered = await open(path, plain)
  return { handle: buffered, direct: false, alignment: sectorBytes, directRefused: 'direct reads are refused' }
}

async function accepts(handle: FileHandle, bytes: number): Promise<boolean> {
  try {
    await handle.read(allocateAligned(bytes), 0, bytes, 0)
    return true
  } catch (error) {
    if (codeOf(error) === 'EINVAL') return false
    throw error
  }
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? ''

type Place = { path: string; offset: number }

/** Writes all of `buffer`. Fault disk_failed names the offset. */
export async function writeFully(handle: FileHandle, buffer: Uint8Array, { path, offset }: Place): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    let bytes: number
    try {
      ;({ bytesWritten: bytes } = await handle.write(buffer, done, buffer.length - done, offset + done))
    } catch (cause) {
      const at = offset + done
      throw new Fault('disk_failed', `cannot write to ${path} at offset ${at}`, {
        cause,
        offset: at,
        errno: codeOf(cause),
      })
    }
    if (bytes === 0) throw new Fault('disk_failed', `${path} takes no more data at offset ${offset + done}`, { offset })
    done += bytes
  }
}

/** Fills `buffer`. Fault disk_failed names the offset. */
export async function readFully(handle: FileHandle, buffer: Uint8Array, { path, offset }: Place): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    let bytes: number
    try {
      ;({ bytesRead: bytes } = await handle.read(buffer, done, buffer.length - done, offset + done))
    } catch (cause) {
      const at = offset + done
      throw new Fault('disk_failed', `cannot read ${path} at offset ${at}`, { cause, offset: at, errno: codeOf(cause) })
    }
    if (bytes === 0) throw new Fault('disk_failed', `${path} ends at offset ${offset + done}`, { offset })
    done += bytes
  }
}

/** fsync, whose answer decides whether anything was written at all. */
export async function flushFully(handle: FileHandle, path: string): Promise<void> {
  try {
    await handle.sync()
  } catch (cause) {
    throw new Fault('disk_failed', `${path} did not take what was written to it (flush)`, {
      cause,
      errno: codeOf(cause),
    })
  }
}
