import { spawn } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { detectFormat, detectionBytes } from '@ferrite/agent/image/format/detect-format'
import type { ImageFormat } from '@ferrite/agent/image/format/image-formats'
import { Fault } from '@ferrite/shared/fault'

/** Formats that travel in another form than they have on a disk. What turns them into it is not ours: it is the judge. */
const decoders = {
  gzip: (from, to, signal) => pipeline(createReadStream(from), createGunzip(), createWriteStream(to), { signal }),
  zstd: (from, to, signal) =>
    pipeline(createReadStream(from), createZstdDecompress(), createWriteStream(to), { signal }),
  xz: (from, to, signal) => program('xz', ['-dc', from], to, signal),
  bzip2: (from, to, signal) => program('bzip2', ['-dc', from], to, signal),
  qcow2: (from, to, signal) =>
    program('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', from, to], undefined, signal),
} as const satisfies Partial<Record<ImageFormat, (from: string, to: string, signal: AbortSignal) => Promise<unknown>>>
export type EncodedFormat = keyof typeof decoders

/** The format of an image that has to be decoded, by its first bytes; undefined for one that is written as it is. */
export function encodedFormat(head: Uint8Array): EncodedFormat | undefined {
  const format = detectFormat(head.subarray(0, detectionBytes))
  return Object.hasOwn(decoders, format) ? (format as EncodedFormat) : undefined
}

/** The same of a file. */
export async function encodedFormatOf(file: string): Promise<EncodedFormat | undefined> {
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(detectionBytes), 0, detectionBytes, 0)
  return encodedFormat(buffer.subarray(0, bytesRead))
}

/** Decodes `file` into `dir`. The name is that of a disk, so that it goes where those go. */
export async function decodeImage(
  { file, format }: { file: string; format: EncodedFormat },
  dir: string,
  signal: AbortSignal,
): Promise<{ path: string; bytes: number }> {
  const to = path.join(dir, 'decoded.disk')
  await decoders[format](file, to, signal)
  return { path: to, bytes: (await stat(to)).size }
}

/** Runs a program whose output becomes the file `to`. Fault step_failed with what it said. */
async function program(name: string, args: string[], to: string | undefined, signal: AbortSignal): Promise<void> {
  await using output = to === undefined ? undefined : await open(to, 'w')
  const child = spawn(name, args, { stdio: ['ignore', output?.fd ?? 'ignore', 'pipe'], signal })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-500)))
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject).once('close', resolve)
  const code = await promise.catch((cause: unknown) => {
    signal.throwIfAborted()
    throw new Fault('step_failed', `${name} is needed to compare this image with the disk`, { cause })
  })
  if (code !== 0) throw new Fault('step_failed', `${name} cannot decode the image: ${said.trim()}`)
}
