import { isFault } from '@ferrite/shared/fault'
import { expect, test } from 'vitest'
import type { ImageFormat } from './image-formats.ts'
import { refuseUnlessPermitted } from './permitted.ts'

/** The lists that conductors hand out: 21.4, newer ones, and an operator's own. */
const [older, newer, strict] = [['raw', 'qcow2', 'iso'], ['raw', 'gpt', 'qcow2', 'iso'], ['qcow2']]

// oxfmt-ignore
const rows: [permitted: string[] | undefined, declared: string | null, detected: ImageFormat, outcome: 'permitted' | 'refused'][] = [
  [older,     null,      'gpt',   'permitted'],
  [older,     null,      'mbr',   'permitted'],
  [older,     'raw',     'gpt',   'permitted'],
  [older,     'unknown', 'qcow2', 'permitted'],
  [older,     null,      'luks',  'refused'],
  [newer,     null,      'gpt',   'permitted'],
  [newer,     null,      'raw',   'permitted'],
  [strict,    null,      'gpt',   'refused'],
  [strict,    null,      'raw',   'refused'],
  // What is declared raw is written as it is, and not looked at by IPA either.
  [strict,    'raw',     'gpt',   'permitted'],
  [strict,    'qcow2',   'qcow2', 'permitted'],
  [['gpt'],   null,      'mbr',   'permitted'],
  [['gpt'],   null,      'raw',   'refused'],
  [[],        null,      'qcow2', 'refused'],
  [undefined, null,      'luks',  'permitted'],
]

test.each(rows)('with the list %j an image declared %s that is %s is %s', (permitted, declared, detected, outcome) => {
  const judge = () => {
    try {
      refuseUnlessPermitted({ declared, detected }, permitted)
      return 'permitted'
    } catch (error) {
      return isFault(error, 'image_format_refused') ? 'refused' : error
    }
  }
  expect(judge()).toBe(outcome)
})
