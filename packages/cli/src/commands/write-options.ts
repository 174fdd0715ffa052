import { readFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { KiB, MiB, GiB } from '@ferrite/shared/units'
import { kindOfDisk } from '@ferrite/agent/hardware/open-any-disk'
import type { FileDiskOptions } from '@ferrite/agent/hardware/file-disk'
import { checkDigest } from '@ferrite/agent/image/checksum'
import type { Digest } from '@ferrite/agent/image/checksum'
import { imageSize } from '@ferrite/agent/image/image-size'
import { defaultLimits, digestAlgorithms } from '@ferrite/agent/image/request'
import type { WriteRequest } from '@ferrite/agent/image/request'

export type WriteOptions = {
  url: string[]
  checksum?: NonNullable<WriteRequest['digest']>
  contentChecksum?: Digest
  chunkMap?: string
  chunkMapChecksum?: Digest
  disk: string
  format?: string
  size?: number
  json?: boolean
  verify: boolean
  allowMd5?: boolean
  insecure?: boolean
  caFile?: string
  authorizationFile?: string
  timeout: number
  stallTimeout: number
  connectTimeout: number
  minRate: number
  retries: number
}

export const collect = (value: string, before: string[] = []): string[] => [...before, value]

/** `sha256:HEX`, `HEX` of a known length, or a URL. */
export function parseChecksum(text: string): NonNullable<WriteRequest['digest']> {
  return /^https?:\/\//i.test(text) ? { url: text } : parseDigest(text)
}

/** `sha256:HEX`, or `HEX` of a known length. */
export function parseDigest(text: string): Digest {
  const [name, hex] = text.includes(':') ? text.split(':', 2) : [undefined, text]
  const algorithm = digestAlgorithms.find((known) => known === name?.toLowerCase())
  if (name !== undefined && algorithm === undefined) {
    throw new InvalidArgumentError(`the algorithm must be one of ${digestAlgorithms.join(', ')}.`)
  }
  try {
    return checkDigest(hex ?? '', algorithm)
  } catch (error) {
    throw new InvalidArgumentError(`${error instanceof Error ? error.message : 'wrong checksum'}.`)
  }
}

const factors: Record<string, number> = { '': 1, K: KiB, M: MiB, G: GiB, T: GiB * 1024 }

/** `4096`, `64K`, `10G`, `10GiB`. */
export function parseSize(text: string): number {
  const match = /^([0-9]+)([KMGT]?)(?:i?B)?$/i.exec(text)
  if (!match) throw new InvalidArgumentError('give bytes, or a number with K, M, G or T.')
  return Number(match[1]) * (factors[(match[2] ?? '').toUpperCase()] ?? 1)
}

/** Seconds on the command line, milliseconds inside. */
export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!Number.isFinite(seconds) || seconds < 0) throw new InvalidArgumentError('give seconds.')
  return Math.round(seconds * 1000)
}

export function parseCount(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('give a number.')
  return Number(text)
}

export async function requestOf(options: WriteOptions): Promise<WriteRequest> {
  const ca = options.caFile === undefined ? undefined : await fileText(options.caFile)
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Fault('invalid', `${options.caFile} holds no PEM certificate`)
  }
  const { chunkMap: map, chunkMapChecksum: pinned, contentChecksum } = options
  if ((map === undefined) !== (pinned === undefined)) {
    throw new Fault('invalid', '--chunk-map and --chunk-map-checksum must be given together')
  }
  if (!options.checksum && !map) throw new Fault('invalid', 'give --checksum, or --chunk-map with its checksum')
  const authorization = options.authorizationFile === undefined ? undefined : await fileText(options.authorizationFile)
  return {
    urls: options.url,
    digest: options.checksum ?? null,
    ...(map === undefined || pinned === undefined ? {} : { chunkMap: { url: map, digest: pinned } }),
    ...(contentChecksum === undefined ? {} : { contentDigest: contentChecksum }),
    format: options.format ?? null,
    verify: options.verify,
    allowMd5: options.allowMd5 === true,
    tls: { insecure: options.insecure === true, ...(ca === undefined ? {} : { ca }) },
    ...(authorization === undefined ? {} : { authorization: new Secret(authorization.trim()) }),
    limits: {
      ...defaultLimits,
      totalTimeoutMs: options.timeout,
      stallTimeoutMs: Math.max(100, options.stallTimeout),
      connectTimeoutMs: Math.max(100, options.connectTimeout),
      minBytesPerSecond: options.minRate,
      maxFruitlessAttempts: options.retries,
    },
  }
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('invalid', `cannot read ${path}`, { cause })
  }
}

/** A file that is not there yet becomes as large as --size says, or as the image is, in whole sectors. */
export async function sizeOptions(
  { disk, size }: WriteOptions,
  request: WriteRequest,
  signal: AbortSignal,
): Promise<FileDiskOptions> {
  const kind = await kindOfDisk(disk)
  if (kind === 'block' && size !== undefined) throw new Fault('invalid', '--size is for files; a block device has one')
  if (kind !== 'missing') return size === undefined ? {} : { sizeBytes: size }
  if (/^\/dev\/(?!shm\/)/.test(disk)) throw new Fault('disk_not_found', `there is no block device ${disk}`)
  if (size !== undefined) return { create: true, sizeBytes: size }
  const found = await imageSize(request, signal)
  if (found === null)
    throw new Fault('invalid', `the image's size is not known before it has come: give ${disk} a --size`)
  return { create: true, sizeBytes: Math.ceil(found / 4096) * 4096 }
}
