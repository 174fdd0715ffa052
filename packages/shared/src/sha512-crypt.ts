import { createHash, randomBytes } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const standardRounds = 5000

/**
 * Hashes a password as crypt(3) does with `$6$` (Ulrich Drepper's SHA-crypt, SHA-512): the form of /etc/shadow.
 * `salt` has up to 16 characters of `./0-9A-Za-z`, chance when left out.
 */
export function sha512Crypt(password: string, options: { salt?: string; rounds?: number } = {}): string {
  const key = Buffer.from(password, 'utf8')
  const salt = Buffer.from((options.salt ?? randomSalt()).slice(0, 16), 'latin1')
  const rounds = Math.min(999_999_999, Math.max(1000, options.rounds ?? standardRounds))
  const p = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length)
  const first = initial(key, salt)
  const s = repeated(sha512(...Array.from({ length: 16 + (first[0] ?? 0) }, () => salt)), salt.length)
  let digest = first
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1
    digest = sha512(
      odd ? p : digest,
      ...(round % 3 === 0 ? [] : [s]),
      ...(round % 7 === 0 ? [] : [p]),
      odd ? digest : p,
    )
  }
  const prefix = options.rounds === undefined ? '$6$' : `$6$rounds=${rounds}$`
  return `${prefix}${salt.toString('latin1')}$${encoded(digest)}`
}

const sha512 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const randomSalt = (): string => Array.from(randomBytes(16), (byte) => alphabet[byte % 64]).join('')

/** The first `length` bytes of the digest written again and again. */
const repeated = (digest: Buffer, length: number): Buffer => Buffer.alloc(length, digest)

function initial(key: Buffer, salt: Buffer): Buffer {
  const b = sha512(key, salt, key)
  const parts: Uint8Array[] = [key, salt, repeated(b, key.length)]
  // The bits of the password's length, lowest first.
  for (let bits = key.length; bits > 0; bits >>>= 1) parts.push(bits & 1 ? b : key)
  return sha512(...parts)
}

/** Three bytes become four characters, the bytes taken in the order that the format prescribes. */
function encoded(digest: Buffer): string {
  let text = ''
  for (let i = 0; i < 21; i += 1) {
    // Each group of three (i, 21 + i, 42 + i) begins one further than the one before.
    const group = [i, 21 + i, 42 + i]
    const [a = 0, b = 0, c = 0] = [0, 1, 2].map((at) => digest[group[(at + i) % 3] ?? 0] ?? 0)
    text += letters((a << 16) | (b << 8) | c, 4)
  }
  return text + letters(digest[63] ?? 0, 2)
}

function letters(value: number, count: number): string {
  let text = ''
  for (let rest = value; text.length < count; rest >>>= 6) text += alphabet[rest & 63]
  return text
}
