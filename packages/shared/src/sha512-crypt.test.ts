import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha512Crypt, type Sha512 } from './sha512-crypt.ts'

const sha512: Sha512 = (...parts) => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

// The vectors that Ulrich Drepper published with the format.
test.each([
  [
    'Hello world!',
    { salt: 'saltstring' },
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'Hello world!',
    { salt: 'saltstringsaltstring', rounds: 10_000 },
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'This is just a test',
    { salt: 'toolongsaltstring', rounds: 5000 },
    '$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
  ],
  [
    'the minimum number is still observed',
    { salt: 'roundstoolow', rounds: 10 },
    '$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
  ],
] as const)('hashes %j as the published vector', (password, options, expected) => {
  expect(sha512Crypt(password, { ...options, sha512 })).toBe(expected)
})

test('a salt of chance makes another hash each time, in the form of /etc/shadow', () => {
  const made = [1, 2].map(() => sha512Crypt('päss wörd', { sha512, salt: randomBytes(16) }))
  expect(new Set(made).size).toBe(2)
  for (const one of made) expect(one).toMatch(/^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
})
