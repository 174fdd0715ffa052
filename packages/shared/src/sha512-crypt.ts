const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const standardRounds = 5000

/** SHA-512 over parts, one after the other: 64 bytes. Given by the caller, as this package runs anywhere. */
export type Sha512 = (...parts: readonly Uint8Array[]) => Uint8Array

/**
 * Hashes a password as crypt(3) does with `$6$` (Ulrich Drepper's SHA-crypt, SHA-512): the form of /etc/shadow.
 * Of `salt` 16 bytes are used; they become characters of `./0-9A-Za-z` unless they are a text already.
 */
export function sha512Crypt(
  password: string,
  { sha512, salt: given, rounds: asked }: { sha512: Sha512; salt: string | Uint8Array; rounds?: number },
): string {
  const key = new TextEncoder().encode(password)
  const saltText = (
    typeof given === 'string' ? given : Array.from(given, (byte) => alphabet[byte % 64]).join('')
  ).slice(0, 16)
  const salt = new TextEncoder().encode(saltText)
  const rounds = Math.min(999_999_999, Math.max(1000, asked ?? standardRounds))
  const p = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length)
  const first = initial(sha512, key, salt)
  const s = repeated(sha512(...Array.from({ length: 16 + (first[0] ?? 0) }, () => salt)), salt.length)
  let digest = first
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1
    const middle = [...(round % 3 === 0 ? [] : [s]), ...(round % 7 === 0 ? [] : [p])]
    digest = sha512(odd ? p : digest, ...middle, odd ? digest : p)
  }
  return `$6$${asked === undefined ? '' : `rounds=${rounds}$`}${saltText}$${encoded(digest)}`
}

/** The first `length` bytes of the digest written again and again. */
const repeated = (digest: Uint8Array, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => digest[at % digest.length] ?? 0)

function initial(sha512: Sha512, key: Uint8Array, salt: Uint8Array): Uint8Array {
  const b = sha512(key, salt, key)
  const parts: Uint8Array[] = [key, salt, repeated(b, key.length)]
  // The bits of the password's length, lowest first.
  for (let bits = key.length; bits > 0; bits >>>= 1) parts.push(bits & 1 ? b : key)
  return sha512(...parts)
}

/** Three bytes become four characters, the bytes taken in the order that the format prescribes. */
function encoded(digest: Uint8Array): string {
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
