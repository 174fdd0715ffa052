import { Fault } from '@ferrite/shared/fault'
import { baseName, imageUrl, shownUrl } from './http/image-url.ts'
import { download } from './http/download.ts'
import type { DigestAlgorithm, WriteRequest } from './request.ts'

export type Digest = { algorithm: DigestAlgorithm; value: string }

const maxChecksumFileBytes = 4 * 1024 * 1024

// oxfmt-ignore
const hexLength: Record<DigestAlgorithm, number> = { md5: 32, sha256: 64, sha384: 96, sha512: 128 }

const known = 'sha256, sha384 and sha512'

/**
 * The digest that the image must have, in lower case; fetched first when a checksum file is named. Fault
 * checksum_unavailable (no line for this image, md5 not allowed) or invalid (length and algorithm contradict each other).
 */
export async function expectedDigest(request: WriteRequest, signal: AbortSignal): Promise<Digest> {
  const { digest, allowMd5 } = request
  if (!digest) throw new Fault('checksum_unavailable', 'the image has no checksum; give one, or a chunk map')
  const found = 'url' in digest ? await fromFile(request, digest, signal) : digest
  const checked = checkDigest(found.value, found.algorithm)
  if (checked.algorithm === 'md5' && !allowMd5) {
    throw new Fault('checksum_unavailable', 'the image has only an md5 checksum, and md5 is not allowed; use sha256')
  }
  return checked
}

/** Fault invalid unless `value` is hex of the algorithm's length; without an algorithm the length tells it. */
export function checkDigest(value: string, algorithm?: DigestAlgorithm): Digest {
  const hex = value.trim().toLowerCase()
  const byLength = (Object.keys(hexLength) as DigestAlgorithm[]).find((name) => hexLength[name] === hex.length)
  const chosen = algorithm ?? byLength
  if (!/^[0-9a-f]+$/.test(hex) || chosen === undefined || hexLength[chosen] !== hex.length) {
    const wanted = algorithm ? `${hexLength[algorithm]} hex digits of ${algorithm}` : 'hex digits of sha256 or sha512'
    throw new Fault('invalid', `the checksum is not ${wanted}`)
  }
  return { algorithm: chosen, value: hex }
}

async function fromFile(
  request: WriteRequest,
  file: { url: string; algorithm?: DigestAlgorithm },
  signal: AbortSignal,
): Promise<{ value: string; algorithm?: DigestAlgorithm }> {
  const url = imageUrl(file.url)
  const image = imageUrl(request.urls[0] ?? '')
  const { authorization, tls, limits } = request
  const sameOrigin = authorization !== undefined && url.origin === image.origin
  let text: string
  try {
    const bytes = await download(
      {
        urls: [file.url],
        limits,
        maxBytes: maxChecksumFileBytes,
        ...(tls ? { tls } : {}),
        ...(sameOrigin ? { authorization } : {}),
      },
      signal,
    )
    text = Buffer.from(bytes).toString('utf8')
  } catch (cause) {
    if (signal.aborted) throw cause
    throw new Fault('checksum_unavailable', `cannot fetch the checksum file ${shownUrl(url)}`, { cause })
  }
  const value = findChecksum(text, baseName(image), file.algorithm)
  if (value === undefined) {
    throw new Fault('checksum_unavailable', `${shownUrl(url)} has no checksum for "${baseName(image)}"`)
  }
  if (!Object.values(hexLength).includes(value.length)) {
    const what = `a checksum of ${value.length} hex digits for "${baseName(image)}", which is none of ${known}`
    throw new Fault('checksum_unavailable', `${shownUrl(url)} has ${what}`)
  }
  return { value, ...(file.algorithm ? { algorithm: file.algorithm } : {}) }
}

/**
 * Finds the checksum of `name`: the only word of a one-line file, else the line of that name as `sha256sum` writes it
 * (`HASH  name`, `HASH *name`) or in BSD style (`SHA256 (name) = HASH`); the name may have directories before it when no
 * other line has it without. Lines that begin with # are comments.
 */
export function findChecksum(text: string, name: string, algorithm?: DigestAlgorithm): string | undefined {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length === 1 && /^[0-9a-f]+$/i.test(lines[0] ?? '')) return lines[0]
  const entries = lines.map(entryOf).filter((entry) => entry !== undefined)
  const exact = entries.filter((entry) => entry.name === name || entry.name === `./${name}`)
  const found = exact.length > 0 ? exact : sameFile(entries.filter((entry) => entry.name.endsWith(`/${name}`)))
  // A file with several algorithms: the wanted one, else the longest.
  const wanted = algorithm ? found.filter(({ value }) => value.length === hexLength[algorithm]) : found
  return wanted.map(({ value }) => value).toSorted((a, b) => b.length - a.length)[0]
}

type Entry = { name: string; value: string }

function entryOf(line: string): Entry | undefined {
  const bsd = /^([A-Za-z0-9/-]+) ?\((.+)\) ?= ?([0-9A-Fa-f]+)$/.exec(line)
  if (bsd) return isKnown(bsd[1] ?? '') ? { name: bsd[2] ?? '', value: bsd[3] ?? '' } : undefined
  const gnu = /^([0-9A-Fa-f]{32,128})[ \t]+\*?(.+)$/.exec(line)
  return gnu ? { name: gnu[2] ?? '', value: gnu[1] ?? '' } : undefined
}

/** Others have digests of the same lengths: BLAKE2b, SHA512/256, SM3. */
const isKnown = (algorithm: string): boolean => /^(?:MD5|SHA(?:2?-)?(?:256|384|512))$/i.test(algorithm)

/** Nothing when the files of that name are in several directories. */
const sameFile = (entries: readonly Entry[]): readonly Entry[] =>
  new Set(entries.map(({ name }) => name)).size === 1 ? entries : []
