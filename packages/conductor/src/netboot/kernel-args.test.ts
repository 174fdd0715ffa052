import { expect, test } from 'vitest'
import { parseKernelArgs, renderKernelArgs } from './kernel-args.ts'
import type { KernelArgs } from './kernel-args.ts'

// A small generator of its own: every printable character, every length, repeatable.
function* samples(count: number): Generator<KernelArgs> {
  let seed = 42
  const below = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff
    return seed % n
  }
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => c !== '"')
  const names = 'abcXYZ019_.-'
  const pick = (from: string | string[], n: number) =>
    Array.from({ length: n }, () => from[below(from.length)]).join('')
  for (let i = 0; i < count; i += 1) {
    yield Array.from({ length: below(6) }, () => [
      `n${pick(names, below(12))}`,
      below(4) === 0 ? null : pick(printable, below(30)),
    ])
  }
}

test('whatever is rendered reads back the same, on one line or on many', () => {
  for (const args of samples(2000)) {
    for (const separator of [' ', '\n'] as const) {
      const text = renderKernelArgs(args, separator)
      expect(parseKernelArgs(text)).toEqual(args)
      expect(text.split('\n')).toHaveLength(separator === '\n' ? Math.max(1, args.length) : 1)
    }
  }
})

test.each(['a\nb', 'a\rb', 'a\0b', 'a"b', 'é', '\u2028', '\t'])('a value with %j is refused', (value) => {
  expect(() => renderKernelArgs([['ipa-api-url', value]])).toThrow(/cannot carry/)
})

test.each(['', ' ', 'a b', 'a=b', 'a"', '-x', 'ä', 'a\n'])('the name %j is refused', (name) => {
  expect(() => renderKernelArgs([[name, 'x']])).toThrow(/cannot name/)
})

test('more than a kernel reads is refused', () => {
  expect(() => renderKernelArgs([['a', 'x'.repeat(2047)]])).toThrow(/2049 bytes/)
})

test.each(['a="b', 'a=b"c', '"a"=b', '=x', 'a="b"c'])('%j is not a command line', (text) => {
  expect(() => parseKernelArgs(text)).toThrow(/cannot be read/)
})

test('an operator’s own line is taken apart', () => {
  expect(parseKernelArgs(' nofb  vga=normal\n dyndbg="file a.c +p" root= ')).toEqual([
    ['nofb', null],
    ['vga', 'normal'],
    ['dyndbg', 'file a.c +p'],
    ['root', ''],
  ])
})
