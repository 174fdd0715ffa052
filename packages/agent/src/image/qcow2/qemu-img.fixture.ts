import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

export const qemuImg = '/usr/bin/qemu-img'
export const hasQemuImg = existsSync(qemuImg)

export const runQemuImg = (...args: string[]): string =>
  execFileSync(qemuImg, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export const runQemuIo = (image: string, ...commands: string[]): string =>
  execFileSync('/usr/bin/qemu-io', [...commands.flatMap((command) => ['-c', command]), image], { encoding: 'utf8' })

/** The disk as qemu-img reads it. */
export function converted(image: string): Buffer {
  const raw = `${image}.raw`
  runQemuImg('convert', '-O', 'raw', '-f', 'qcow2', image, raw)
  return readFileSync(raw)
}
