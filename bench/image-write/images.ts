import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { mapName, rawName } from './contestants.ts'

const execute = promisify(execFile)
const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const MiB = 1024 * 1024

/** The same image in every format that is compared; the sha256 of each by its name. */
export async function makeImages(directory: string, bytes: number): Promise<Record<string, string>> {
  const raw = path.join(directory, rawName)
  await makeImage(raw, bytes)
  const to = (name: string) => path.join(directory, name)
  await execute('sh', [
    '-c',
    `zstd -q -3 -T0 -o '${to('image.zst')}' '${raw}'; gzip -1 -c '${raw}' > '${to('image.gz')}'`,
  ])
  await execute(process.execPath, [cli, 'image', 'index', raw])
  const names = [rawName, mapName, 'image.zst', 'image.gz']
  try {
    await execute('qemu-img', ['convert', '-O', 'qcow2', raw, to('image.qcow2')])
    await execute('qemu-img', ['convert', '-c', '-W', '-m', '4', '-O', 'qcow2', raw, to('image-zlib.qcow2')])
    names.push('image.qcow2', 'image-zlib.qcow2')
  } catch (error) {
    process.stderr.write(`no qcow2 images: ${String(error)}\n`)
  }
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await sha256Of(to(name))] as const)))
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: MiB }), hash)
  return hash.digest('hex')
}

/** As disk images are: of each 20 MiB nine are zeros, five random, and six words that compress well. */
async function makeImage(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w')
  const block = Buffer.alloc(MiB)
  const words = new Uint32Array(block.buffer, block.byteOffset, block.length / 4)
  let state = 88_172_645
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
  for (let at = 0; at < bytes; at += MiB) {
    const place = (at / MiB) % 20
    if (place >= 11) block.fill(0)
    else if (place < 5) for (let index = 0; index < words.length; index += 1) words[index] = next()
    else fillWithWords(words, next)
    await handle.write(block.subarray(0, Math.min(MiB, bytes - at)))
  }
  await handle.sync()
  await handle.close()
}

function fillWithWords(words: Uint32Array, next: () => number): void {
  for (let index = 0; index < words.length; index += 4) {
    const word = next() & 0xff
    for (let part = 0; part < 4; part += 1) words[index + part] = (word * 0x01_01_01_01 + part * 0x11_22_33) >>> 0
    if ((word & 3) === 0) words[index] = next()
  }
}
