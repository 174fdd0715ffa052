import { isFault } from '@ferrite/shared/fault'
import { run } from './run.ts'

/**
 * Punches a hole, which reads as zeros: a file gives its blocks back, a block device is sent write-zeroes. Linux refuses
 * where the device cannot promise the zeros (fallocate of a block device never falls back to a mere discard).
 */
export async function zeroByDevice(path: string, offset: number, bytes: number): Promise<boolean> {
  const range = ['--offset', String(offset), '--length', String(bytes)]
  try {
    return (await run('fallocate', ['--punch-hole', ...range, path], { timeoutMs: 600_000 })).code === 0
  } catch (error) {
    if (isFault(error, 'not_found')) return false
    throw error
  }
}
