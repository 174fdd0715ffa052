import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { download } from './http/download.ts'
import type { SourceRequest } from './http/image-source.ts'

const unzip = promisify(gunzip)
const maxBytes = 64 * MiB
const maxText = Math.ceil((maxBytes * 4) / 3) + 1024

/**
 * The config drive's image: from a URL (binary, gzipped, or base64 of gzip), or from base64 of gzip as Ironic sends it.
 * Fault configdrive_invalid for anything else or more than 64 MiB.
 */
export async function readConfigdrive(
  given: string,
  fetching: Omit<SourceRequest, 'urls'>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!/^https?:\/\//i.test(given)) return nonEmpty(await unpacked(fromBase64(given)))
  let content: Uint8Array
  try {
    content = await download({ ...fetching, urls: [given], maxBytes: maxText }, signal)
  } catch (cause) {
    if (signal.aborted) throw cause
    throw new Fault('configdrive_invalid', 'the config drive cannot be fetched from its URL', { cause })
  }
  if (isGzip(content)) return nonEmpty(await unpacked(content))
  const isText =
    content.length > 0 && /^[A-Za-z0-9+/=\s]*$/.test(Buffer.from(content.subarray(0, 4096)).toString('latin1'))
  if (isText) return nonEmpty(await unpacked(fromBase64(Buffer.from(content).toString('latin1'))))
  return nonEmpty(content)
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

function fromBase64(text: string): Uint8Array {
  const compact = text.replaceAll(/\s+/g, '')
  if (compact.length > maxText) throw new Fault('configdrive_invalid', 'the config drive is larger than 64 MiB')
  if (compact === '' || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new Fault('configdrive_invalid', 'the config drive is neither a URL nor base64')
  }
  return Buffer.from(compact, 'base64')
}

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (!isGzip(bytes)) throw new Fault('configdrive_invalid', 'the config drive is not gzipped')
  try {
    return await unzip(bytes, { maxOutputLength: maxBytes, chunkSize: 1024 * 1024 })
  } catch (cause) {
    const tooLarge = cause instanceof RangeError
    const message = tooLarge ? 'the config drive unpacks to more than 64 MiB' : 'the config drive cannot be unpacked'
    throw new Fault('configdrive_invalid', message, { cause })
  }
}

function nonEmpty(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Fault('configdrive_invalid', 'the config drive is empty')
  if (bytes.length > maxBytes) throw new Fault('configdrive_invalid', 'the config drive is larger than 64 MiB')
  return bytes
}
