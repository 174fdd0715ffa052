import type { ImageInfo } from '@ferrite/shared/contracts/images'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { checkDigest } from './checksum.ts'
import type { Digest } from './checksum.ts'
import { defaultLimits, digestAlgorithms } from './request.ts'
import type { WriteLimits, WriteRequest } from './request.ts'

export type RequestOptions = {
  allowMd5: boolean
  verify?: boolean | undefined
  limits?: Partial<WriteLimits> | undefined
  tls?: WriteRequest['tls'] | undefined
  permittedFormats?: readonly string[] | undefined
}

/** What Ironic calls `image_info` as a request to write. Fault unsupported for what a whole-disk write cannot honour. */
export function imageRequest(image: ImageInfo, options: RequestOptions): WriteRequest {
  if (image.image_type === 'partition') {
    throw new Fault('unsupported', 'partition images are not supported; use a whole-disk image')
  }
  const proxies = Object.values(image.proxies ?? {}).filter((proxy) => proxy !== '')
  if (proxies.length > 0) {
    throw new Fault('unsupported', 'an image proxy is configured for this node, and proxies are not supported')
  }
  const authorization = authorizationOf(image)
  return {
    urls: image.urls,
    digest: digestOf(image),
    format: image.disk_format ?? null,
    ...(authorization === undefined ? {} : { authorization }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.permittedFormats === undefined ? {} : { permittedFormats: options.permittedFormats }),
    ...chunkMapOf(image),
    ...(image.ferrite_content_checksum == null ? {} : { contentDigest: named(image.ferrite_content_checksum) }),
    verify: options.verify ?? true,
    allowMd5: options.allowMd5,
    limits: { ...defaultLimits, ...options.limits },
  }
}

/** As ironic-python-agent chooses: os_hash_* when the algorithm is known here, else `checksum`, by URL or by length. */
function digestOf(image: ImageInfo): WriteRequest['digest'] {
  const { os_hash_algo, os_hash_value, checksum } = image
  const algorithm = digestAlgorithms.find((name) => name === os_hash_algo?.toLowerCase())
  if (algorithm !== undefined && os_hash_value !== undefined) {
    return isUrl(os_hash_value) ? { url: os_hash_value, algorithm } : checkDigest(os_hash_value, algorithm)
  }
  if (checksum === undefined) {
    throw new Fault(
      'checksum_unavailable',
      `the hash algorithm ${os_hash_algo ?? '(none)'} is not supported; use sha256`,
    )
  }
  return isUrl(checksum) ? { url: checksum } : checkDigest(checksum)
}

/** What only our own conductor sends: an image's chunk map, pinned by the map's own digest. */
function chunkMapOf({
  ferrite_chunk_map: url,
  ferrite_chunk_map_checksum: checksum,
}: ImageInfo): Partial<WriteRequest> {
  if (url == null) return {}
  if (checksum == null) throw new Fault('invalid', 'ferrite_chunk_map needs ferrite_chunk_map_checksum')
  return { chunkMap: { url, digest: named(checksum) } }
}

/** `sha256:HEX`, or hex of a known length. */
function named(text: string): Digest {
  const [name, hex] = text.includes(':') ? text.split(':', 2) : [undefined, text]
  return checkDigest(
    hex ?? '',
    digestAlgorithms.find((known) => known === name?.toLowerCase()),
  )
}

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)

/** A ready header (base64 of its value) wins over user and password. */
function authorizationOf(image: ImageInfo): Secret | undefined {
  const header = image.image_request_authorization
  if (header) return new Secret(Buffer.from(header, 'base64').toString('utf8').trim())
  if (image.image_server_auth_strategy !== 'http_basic') return undefined
  const pair = `${image.image_server_user ?? ''}:${image.image_server_password ?? ''}`
  return new Secret(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`)
}
