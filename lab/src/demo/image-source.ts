import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandError } from '@ferrite/cli/exit'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { demoImage } from '../image/demo-image.ts'
import type { Images } from '../images.ts'
import { decodeImage, encodedFormat, encodedFormatOf, type EncodedFormat } from './decode-image.ts'
import type { DemoOptions } from './options.ts'

/** The image that is deployed: known before the lab runs, served by it or by somebody else. */
export type ChosenImage = {
  kind: 'debian' | 'synthetic' | 'file' | 'url'
  description: string
  /** How it travels, where that is not how it lies on the disk. */
  encoded: EncodedFormat | undefined
  /** On the disk. */
  bytes: number
  /** Serves it (or not, where it is served) and tells how to deploy it, in fields of instance_info. */
  serve(images: Images): Promise<{ url: string; checksum: Record<string, string> }>
  /** Its bytes as they have to be on the disk. */
  read(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

const demoBytes = 512 * MiB

export type ImagePlace = { dir: string; cacheDir: string; signal: AbortSignal }

/** Chooses by the options; makes the demo's own where none is named. */
export async function chooseImage(
  options: DemoOptions,
  place: ImagePlace,
  sizeBytes = demoBytes,
): Promise<ChosenImage> {
  const { cacheDir, signal } = place
  if (options.image === undefined) {
    const made = await demoImage({ cacheDir, sizeBytes, signal })
    const given = { image_os_hash_algo: 'sha256', image_os_hash_value: made.sha256 }
    const { kind, description, bytes } = made
    return { kind, description, encoded: undefined, bytes, ...served(made.path, given), ...readFrom(made.path) }
  }
  if (/^https?:/.test(options.image)) return await fromUrl(options.image, options.checksum ?? {}, place)
  return await fromFile(options.image, options.checksum, place)
}

async function fromFile(
  file: string,
  checksum: Record<string, string> | undefined,
  { dir, signal }: ImagePlace,
): Promise<ChosenImage> {
  const bytes = await sizeOf(file)
  const about = { kind: 'file', description: path.basename(file), ...served(file, checksum) } as const
  const encoded = await encodedFormatOf(file)
  if (!encoded) return { ...about, encoded, bytes, ...readFrom(file) }
  const decoded = await decodeImage({ file, format: encoded }, dir, signal)
  return { ...about, encoded, bytes: decoded.bytes, ...readFrom(decoded.path) }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file)
    if (found.isFile() && found.size > 0) return found.size
  } catch (cause) {
    throw new CommandError('usage', `cannot read the image ${file}`, { cause })
  }
  throw new CommandError('usage', `the image ${file} is no file, or empty`)
}

const served = (file: string, checksum: Record<string, string> | undefined) => ({
  async serve(images: Images) {
    const { url, sha256 } = await images.add(path.basename(file), { file })
    return { url, checksum: checksum ?? { image_os_hash_algo: 'sha256', image_os_hash_value: sha256 } }
  },
})

const readFrom = (file: string) => ({
  read: (signal: AbortSignal) => Promise.resolve(createReadStream(file, { highWaterMark: 4 * MiB, signal })),
})

async function fromUrl(
  url: string,
  checksum: Record<string, string>,
  { dir, signal }: ImagePlace,
): Promise<ChosenImage> {
  const about = {
    kind: 'url',
    description: url.split('/').at(-1) || url,
    serve: () => Promise.resolve({ url, checksum }),
  } as const
  const { bytes, body } = await fetched(url, signal)
  const { head, whole, leave } = await headOf(body)
  const encoded = encodedFormat(head)
  if (!encoded) {
    await leave()
    return { ...about, encoded, bytes, read: async (during) => (await fetched(url, during)).body }
  }
  const file = path.join(dir, 'image.disk')
  await pipeline(Readable.from(whole()), createWriteStream(file), { signal })
  const decoded = await decodeImage({ file, format: encoded }, dir, signal)
  return { ...about, encoded, bytes: decoded.bytes, ...readFrom(decoded.path) }
}

type Body = NonNullable<Response['body']>

async function fetched(url: string, signal: AbortSignal): Promise<{ bytes: number; body: Body }> {
  try {
    const response = await fetch(url, { signal })
    if (!response.ok) throw new Fault('image_refused', `the image server answered ${response.status}`)
    if (!response.body) throw new Fault('image_unreachable', 'the answer has no body')
    return { bytes: Number(response.headers.get('content-length') ?? 0), body: response.body }
  } catch (cause) {
    throw new Fault('image_unreachable', `cannot read the image ${url}`, { cause })
  }
}

type Begun = { head: Uint8Array; whole: () => AsyncIterable<Uint8Array>; leave: () => Promise<unknown> }

/** The first bytes of a body; then all of it from the beginning, or the end of the request. */
async function headOf(body: Body): Promise<Begun> {
  const chunks = body.values()
  const first: Uint8Array[] = []
  for (let length = 0; length < MiB;) {
    const { value, done } = await chunks.next()
    if (done) break
    first.push(value)
    length += value.length
  }
  const whole = async function* () {
    yield* first
    yield* chunks
  }
  return { head: Buffer.concat(first), whole, leave: async () => await chunks.return?.() }
}
