import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { checkDigest, findChecksum } from './checksum.ts'

const a = 'a'.repeat(64)
const b = 'b'.repeat(64)

test.each([
  ['a single hash', `${a}\n`, a],
  ['sha256sum', `${b}  other.raw\n${a}  disk.raw\n`, a],
  ['sha256sum in binary mode', `${b} *other.raw\n${a} *disk.raw\n`, a],
  ['names with ./', `${a}  ./disk.raw\n`, a],
  ['BSD style', `SHA256 (other.raw) = ${b}\nSHA256 (disk.raw) = ${a}\n`, a],
  ['comments and Windows lines', `# ${b}  disk.raw\r\n${a}  disk.raw\r\n`, a],
  ['a signed file', `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${a}  disk.raw\n-----END-----\n`, a],
])('%s is understood', (_name, text, wanted) => {
  expect(findChecksum(text, 'disk.raw')).toBe(wanted)
})

test('a name that is only similar is not the image, and one line of another file neither', () => {
  expect(findChecksum(`${a}  disk.raw.gz\n${b}  mydisk.raw\n`, 'disk.raw')).toBeUndefined()
  expect(findChecksum(`${a}  other.raw\n`, 'disk.raw')).toBeUndefined()
  expect(findChecksum('<html>not found</html>', 'disk.raw')).toBeUndefined()
})

test('of several algorithms the wanted one is taken, else the strongest', () => {
  const text = `MD5 (disk.raw) = ${'c'.repeat(32)}\nSHA512 (disk.raw) = ${'d'.repeat(128)}\nSHA256 (disk.raw) = ${a}\n`
  expect(findChecksum(text, 'disk.raw')).toHaveLength(128)
  expect(findChecksum(text, 'disk.raw', 'sha256')).toBe(a)
})

test('length and algorithm must agree, case does not matter', () => {
  expect(checkDigest('A'.repeat(64))).toEqual({ algorithm: 'sha256', value: a })
  for (const [value, algorithm] of [
    ['a'.repeat(63), undefined],
    [a, 'sha512'],
    ['g'.repeat(64), 'sha256'],
  ] as const) {
    expect(() => checkDigest(value, algorithm)).toThrow(expect.toSatisfy((error: unknown) => isFault(error, 'invalid')))
  }
})

test('in BSD style only the algorithms count that are known, whatever the length of the others', () => {
  const [sha256, other] = ['a'.repeat(64), 'b'.repeat(64)]
  const lines = [
    `SHA512/256 (disk.raw) = ${other}`,
    `BLAKE2b (disk.raw) = ${other}${other}`,
    `SM3 (disk.raw) = ${other}`,
  ]
  expect(findChecksum([...lines, `SHA2-256(disk.raw)= ${sha256}`].join('\n'), 'disk.raw')).toBe(sha256)
  expect(findChecksum(lines.join('\n'), 'disk.raw')).toBeUndefined()
})

test('a name with directories before it counts when it is the only one', () => {
  const [one, two] = [`${'a'.repeat(64)}  amd64/disk.raw`, `${'b'.repeat(64)}  arm64/disk.raw`]
  expect(findChecksum(`${one}\n${'c'.repeat(64)}  x/other.raw`, 'disk.raw')).toBe('a'.repeat(64))
  expect(findChecksum(`${one}\n${two}`, 'disk.raw')).toBeUndefined()
  expect(findChecksum(`${one}\n${'d'.repeat(64)}  disk.raw`, 'disk.raw')).toBe('d'.repeat(64))
})
