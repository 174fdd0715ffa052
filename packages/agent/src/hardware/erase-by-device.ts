import path from 'node:path'
import type { EraseOptions } from './hardware.ts'
import { attribute } from './sysfs.ts'
import { run, runOk } from './run.ts'

const hourMs = 3_600_000

/** Erases a disk by its own means: NVMe format with secure erase, else a write of zeros that the device does itself. */
export async function eraseByDevice(device: string, { nvmeFormat, signal }: EraseOptions): Promise<string | undefined> {
  const name = path.basename(device)
  if (name.startsWith('nvme') && nvmeFormat) {
    const secureErase = await nvmeSecureErase(device, signal)
    if (secureErase !== undefined) {
      const args = ['format', device, `--ses=${secureErase}`, '--force']
      await runOk('nvme', args, { signal, timeoutMs: hourMs })
      return secureErase === 2 ? 'nvme format (cryptographic erase)' : 'nvme format (user data erase)'
    }
  }
  // Zero: the device would be sent plain zeros by the kernel, which we do ourselves, in sight.
  const zeroes = await attribute(`/sys/class/block/${name}/queue/write_zeroes_max_bytes`)
  if (!Number(zeroes)) return undefined
  const result = await run('blkdiscard', ['--zeroout', '--force', device], { signal, timeoutMs: 24 * hourMs })
  return result.code === 0 ? 'blkdiscard --zeroout' : undefined
}

/** 2 for a cryptographic erase, 1 for one of user data, undefined when the controller cannot format or nvme-cli is missing. */
async function nvmeSecureErase(device: string, signal: AbortSignal): Promise<1 | 2 | undefined> {
  const result = await run('nvme', ['id-ctrl', device, '-o', 'json'], { signal }).catch(() => undefined)
  signal.throwIfAborted()
  if (result?.code !== 0) return undefined
  const { oacs = 0, fna = 0 } = JSON.parse(result.stdout) as { oacs?: number; fna?: number }
  if ((oacs & 0x2) === 0) return undefined
  return (fna & 0x4) === 0 ? 1 : 2
}
