import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { demoImage } from './demo-image.ts'

/** Boots real machines: only where QEMU is and QEMU_TESTS=1 asks for it. */
const qemu = '/usr/bin/qemu-system-x86_64'
const firmware = ['/usr/share/ovmf/OVMF.fd', '/usr/share/OVMF/OVMF_CODE.fd'].find((file) => existsSync(file))
const wanted = process.env['QEMU_TESTS'] === '1' && existsSync(qemu)

test.runIf(wanted).each([
  ['BIOS', []],
  ['UEFI', ['-bios', firmware ?? '']],
])(
  'the Debian image boots to its login under %s',
  async (_, more) => {
    const cacheDir = await mkdtemp(path.join(tmpdir(), 'ferrite-boot-'))
    try {
      const image = await demoImage({ cacheDir, kinds: ['debian'], signal: AbortSignal.timeout(60_000) })
      const console = await consoleOf(image.path, more, /login: /, 120_000)
      expect(console).toContain('ferrite: up')
      expect(console).toMatch(/login: /)
    } finally {
      await rm(cacheDir, { recursive: true, force: true })
    }
  },
  240_000,
)

async function consoleOf(image: string, more: readonly string[], until: RegExp, limitMs: number): Promise<string> {
  const disk = `file=${image},format=raw,if=virtio`
  const machine = ['-cpu', 'Nehalem', '-accel', 'tcg', '-m', '384', '-snapshot', '-drive', disk]
  const child = spawn(qemu, [...machine, '-display', 'none', '-serial', 'stdio', '-net', 'none', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const text: string[] = []
  child.stdout.on('data', (chunk: Buffer) => text.push(chunk.toString()))
  const deadline = performance.now() + limitMs
  try {
    while (!until.test(text.join('')) && performance.now() < deadline && child.exitCode === null) await delay(200)
    return text.join('')
  } finally {
    child.kill('SIGKILL')
  }
}
