import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fakeImageServer, serveImage } from './fake-image-server.ts'
import { isZero, sha256, testDisk } from './write-image.fixture.ts'

const MiB = 1024 * 1024
const program = fileURLToPath(new URL('kill-write.fixture.ts', import.meta.url))

const signalOf = (args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' })
    child.once('close', (_code, signal) => resolve(signal))
  })

test.each(['2', '3', '5', '6', 'boot'])(
  'killed at write %s, the disk has nothing to boot at either end',
  async (killAt) => {
    const bytes = 18 * MiB
    const data = randomBytes(bytes)
    await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
    await using target = await testDisk(bytes)
    expect(await signalOf([server.url, sha256(data), target.path, killAt])).toBe('SIGKILL')
    const content = await target.content()
    expect(isZero(content.subarray(0, MiB))).toBe(true)
    const tail = content.subarray(bytes - MiB)
    // Before the second write only the first end is erased; at the very end the backup table is already there, verified.
    const isErased = isZero(tail) || tail.equals(data.subarray(bytes - MiB))
    expect(isErased || killAt === '2').toBe(true)
  },
)
