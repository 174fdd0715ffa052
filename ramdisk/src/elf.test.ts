import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isElf, readElf } from './elf.ts'

const shell = '/bin/sh'

test.skipIf(!existsSync(shell))('a program of this host names the libraries it needs', () => {
  const content = readFileSync(shell)
  expect(isElf(content)).toBe(true)
  expect(readElf(content, shell).needed.some((name) => name.startsWith('libc.'))).toBe(true)
})

test('what is not an ELF file is refused by its name', () => {
  expect(isElf(Buffer.from('#!/bin/sh\n'))).toBe(false)
  expect(() => readElf(Buffer.from('#!/bin/sh\n'), 'usr/bin/x')).toThrow('usr/bin/x is not')
})
