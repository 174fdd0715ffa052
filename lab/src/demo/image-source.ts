import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { CommandError } from '@ferrite/cli/exit'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { demoImage } from '../image/demo-image.ts'
import type { Images } from '../images.ts'
import type { DemoOptions } from './options.ts'

/** The image that is deployed: known before the lab runs, served by it or by somebody else. */
export type ChosenImage = {
  kind: 'debian' | 'synthetic' | 'file' | 'url'
  description: string
  bytes: number
  /** Serves it (or not, where it is served) and tells how to deploy it. */
  serve(images: Images): Promise<{ url: string; checksum: Record<string, string> }>
  /** Its bytes, once more. */
  read(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

const demoBytes = 512 * MiB

/** Chooses by the options; makes the demo's own where none is named. */
export async function chooseImage(
  options: DemoOptions,
  cacheDir: string,
  signal: AbortSignal,
  sizeBytes = demoBytes,
): Promise<ChosenImage> {
  if (options.image === undefined) {
    const made = await demoImage({ cacheDir, sizeBytes, signal })
    const given = { image_os_hash_algo: 'sha256', image_os_hash_value: made.sha256 }
    return { kind: made.kind, description: made.description, ...fromFile(made.path, made.bytes, given) }
  }
  if (/^https?:/.test(options.image)) return await fromUrl(options.image, options.checksum ?? {}, signal)
  const size = await sizeOf(options.image)
  return { kind: 'file', description: path.basename(options.image), ...fromFile(options.image, size, options.checksum) }
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

function fromFile(file: string, bytes: number, checksum: Record<string, string> | undefined) {
  return {
    bytes,
    async serve(images: Images) {
      const { url, sha256 } = await images.add(path.basename(file), { file })
      return { url, checksum: checksum ?? { image_os_hash_algo: 'sha256', image_os_hash_value: sha256 } }
    },
    read: (signal: AbortSignal) => Promise.resolve(createReadStream(file, { highWaterMark: 4 * MiB, signal })),
  }
}

async function fromUrl(url: string, checksum: Record<string, string>, signal: AbortSignal): Promise<ChosenImage> {
  const answer = async (method: 'HEAD' | 'GET'): Promise<Response> => {
    try {
      const response = await fetch(url, { method, signal })
      if (response.ok) return response
      throw new Fault('image_refused', `the image server answered ${response.status}`)
    } catch (cause) {
      throw new Fault('image_unreachable', `cannot read the image ${url}`, { cause })
    }
  }
  const head = await answer('HEAD')
  return {
    kind: 'url',
    description: url.split('/').at(-1) || url,
    bytes: Number(head.headers.get('content-length') ?? 0),
    serve: () => Promise.resolve({ url, checksum }),
    async read() {
      const { body } = await answer('GET')
      if (!body) throw new Fault('image_unreachable', `the image ${url} has no body`)
      return body
    },
  }
}
