import { closeSync, ftruncateSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import type { Machine } from '../machine.ts'

/** A config drive and the second partition table lie at the end of a disk. */
const tailBytes = 66 * MiB

/** The disk as it was when the machine went off: what is deployed changes its own disk as soon as it runs. */
export type KeptDisk = Disposable & { file(): string }

/** Keeps the parts of the disk that a deploy writes, each time the machine goes off. */
export function keepAtPowerOff(machine: Machine, imageBytes: number): KeptDisk {
  const copy = `${machine.disk.path}.kept.disk`
  let isKept = false
  // At once and whole, before the machine can be powered on again.
  const forget = machine.onChange(() => {
    if (machine.state !== 'off') return
    copyParts(machine.disk.path, copy, imageBytes)
    isKept = true
  })
  return {
    file() {
      if (isKept) return copy
      throw new Fault('step_failed', 'the machine never went off: its disk cannot be compared')
    },
    [Symbol.dispose]() {
      forget()
      rmSync(copy, { force: true })
    },
  }
}

function copyParts(from: string, to: string, imageBytes: number): void {
  const { size } = statSync(from)
  const [source, target] = [openSync(from, 'r'), openSync(to, 'w', 0o600)]
  try {
    ftruncateSync(target, size)
    const buffer = Buffer.alloc(4 * MiB)
    const copyRange = (start: number, end: number) => {
      for (let at = start; at < end;) {
        const read = readSync(source, buffer, 0, Math.min(buffer.length, end - at), at)
        if (read === 0) return
        // Holes stay holes.
        if (buffer.subarray(0, read).some((byte) => byte !== 0)) writeSync(target, buffer, 0, read, at)
        at += read
      }
    }
    copyRange(0, Math.min(imageBytes, size))
    copyRange(Math.max(imageBytes, size - tailBytes), size)
  } finally {
    closeSync(source)
    closeSync(target)
  }
}
