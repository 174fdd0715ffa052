import { CommandError } from '../../exit.ts'

const hexLengths: Record<string, number> = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 }

/** The fields of instance_info for `ALGORITHM:HEX`, `ALGORITHM:URL`, plain HEX (known by its length) or a plain URL. */
export function checksumFields(given: string): Record<string, string> {
  if (/^https?:\/\//.test(given)) return { image_checksum: given }
  const [, named, value = ''] = /^(?:([a-z0-9]+):)?(.+)$/i.exec(given.trim()) ?? []
  const algorithm = named?.toLowerCase() ?? algorithmOf(value)
  const length = algorithm ? hexLengths[algorithm] : undefined
  if (!algorithm || length === undefined) {
    throw new CommandError(
      'usage',
      `--checksum ${given}: expected ALGORITHM:HEX with one of ${Object.keys(hexLengths).join(', ')}`,
    )
  }
  if (!/^https?:\/\//.test(value) && !new RegExp(`^[0-9a-f]{${length}}$`, 'i').test(value)) {
    throw new CommandError(
      'usage',
      `--checksum ${given}: a ${algorithm} has ${length} hexadecimal digits, this has ${value.length} characters`,
    )
  }
  const text = /^https?:/.test(value) ? value : value.toLowerCase()
  return { image_os_hash_algo: algorithm, image_os_hash_value: text }
}

const algorithmOf = (hex: string): string | undefined =>
  Object.entries(hexLengths).find(([, length]) => length === hex.length)?.[0]
