import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'

/** Encrypts values at rest: AES-256-GCM, a nonce each, bound to the place they belong to so that rows cannot be swapped. */
export interface Sealer {
  seal(plain: string, place: string): Uint8Array
  /** Fault bug when the key is another one or the value was moved or changed. */
  open(sealed: Uint8Array, place: string): string
}

const nonceBytes = 12
const tagBytes = 16
const keyIdBytes = 4
const headBytes = keyIdBytes + nonceBytes + tagBytes

export function createSealer(key: Uint8Array): Sealer {
  const keyId = createHash('sha256').update(key).digest().subarray(0, keyIdBytes)
  const remembered = memory()
  return {
    seal(plain, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([keyId, nonce, cipher.getAuthTag(), body])
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
      return remembered(bytes, place, () => unsealed(bytes, { key, keyId, place }))
    },
  }
}

function unsealed(bytes: Buffer, by: { key: Uint8Array; keyId: Uint8Array; place: string }): string {
  if (!bytes.subarray(0, keyIdBytes).equals(by.keyId)) {
    throw new Fault(
      'bug',
      `the secrets of ${by.place} were sealed with another key; restore the key file of this database`,
    )
  }
  const nonce = bytes.subarray(keyIdBytes, keyIdBytes + nonceBytes)
  const tag = bytes.subarray(keyIdBytes + nonceBytes, headBytes)
  try {
    const decipher = createDecipheriv('aes-256-gcm', by.key, nonce).setAAD(Buffer.from(by.place)).setAuthTag(tag)
    return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new Fault('bug', `cannot unseal the secrets of ${by.place}: they were changed or moved`, { cause })
  }
}

const mostRemembered = 40_000
const longestRemembered = 4096

/** What was opened last at each place, as long as its nonce and tag stay the same: lists open thousands of values. */
function memory(): (bytes: Buffer, place: string, open: () => string) => string {
  const known = new Map<string, { mark: string; plain: string }>()
  return (bytes, place, open) => {
    const mark = bytes.toString('latin1', 0, headBytes)
    const before = known.get(place)
    if (before?.mark === mark) return before.plain
    const plain = open()
    if (known.size >= mostRemembered) known.clear()
    if (plain.length <= longestRemembered) known.set(place, { mark, plain })
    return plain
  }
}

/** The key beside the database, made at first start. Mode 0400: whoever has only the database has no BMC password. */
export function loadKey(directory: string): Uint8Array {
  const file = path.join(directory, 'secrets.key')
  if (!existsSync(file)) makeKey(directory, file)
  const key = readFileSync(file)
  if (key.length !== 32) throw new Fault('invalid', `the key file ${file} must hold 32 bytes, it holds ${key.length}`)
  return key
}

// Whole and on the disk before it has its name: a crash or a full disk in between must not leave half a key, and nothing
// may be sealed with one that a loss of power could take away.
function makeKey(directory: string, file: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const part = `${file}.new`
  rmSync(part, { force: true })
  writeFileSync(part, randomBytes(32), { mode: 0o400, flag: 'wx', flush: true })
  renameSync(part, file)
  const entry = openSync(directory, 'r')
  fsyncSync(entry)
  closeSync(entry)
}
