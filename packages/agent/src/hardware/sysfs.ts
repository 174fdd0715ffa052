import { readFile, readlink, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'

/** The trimmed text of a small file of /sys or /proc; null when it cannot be read, as many attributes cannot. */
export async function attribute(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null || text.trim() === '' ? null : text.trim()
}

/** Last part of what a link points to; null without the link. */
export async function linkName(file: string): Promise<string | null> {
  const target = await readlink(file).catch(() => null)
  return target === null ? null : path.basename(target)
}

export const entries = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])

/** Size of a block device; 0 when the kernel does not know it. */
export async function deviceSizeBytes(device: string): Promise<number> {
  const name = path.basename(await realpath(device))
  return Number((await attribute(`/sys/class/block/${name}/size`)) ?? 0) * 512
}
