import { expect, test } from 'vitest'
import { cutPainted, inLocale, widthOf } from './terminal.ts'

test('our signs become ASCII of the same width where the locale has no others, and stay elsewhere', () => {
  const text = '✔ a → b … ━╌ é'
  expect(inLocale(text, { LANG: 'C' })).toBe('+ a > b ~ #. é')
  expect(inLocale(text, { LC_ALL: 'POSIX', LANG: 'en_GB.UTF-8' })).toHaveLength(text.length)
  for (const env of [{}, { LANG: 'C.UTF-8' }, { LC_CTYPE: 'de_DE.utf8', LANG: 'C' }]) {
    expect(inLocale(text, env)).toBe(text)
  }
})

test('a painted line is cut by what is seen of it, and its colours are turned off', () => {
  const line = '\u001b[32mgreen\u001b[39m and plain'
  expect(cutPainted(line, 15)).toBe(line)
  const cut = cutPainted(line, 4)
  expect(cut).toBe('\u001b[32mgre…\u001b[39m')
  expect(widthOf(cut)).toBe(4)
})
