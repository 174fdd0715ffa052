import { expect, test } from 'vitest'
import { plainAddress } from '../outbound/addresses.ts'
import { checkCallbackUrl } from './callback-url.ts'

const strict = { requireTls: true, cidrs: ['10.99.0.0/16', 'fd00::/8'] }

test.each([
  ['https://10.0.0.5:9999', '10.0.0.5', 'https://10.0.0.5:9999'],
  ['https://10.0.0.5:9999/', '::ffff:10.0.0.5', 'https://10.0.0.5:9999'],
  ['https://[fe0d::5]:9999', 'fe0d::5', 'https://[fe0d::5]:9999'],
  ['https://10.99.1.2:9999', '127.0.0.1', 'https://10.99.1.2:9999'],
  ['https://[fd00::2]:9999', '10.0.0.1', 'https://[fd00::2]:9999'],
  ['http://127.0.0.1:9999', '127.0.0.1', 'http://127.0.0.1:9999'],
  ['http://[::1]:9999', '::1', 'http://[::1]:9999'],
])('%s from %s is an agent', (url, peer, origin) => {
  expect(checkCallbackUrl(url, peer, strict)).toBe(origin)
})

test.each([
  ['http://10.0.0.5:9999', '10.0.0.5'],
  ['https://10.0.0.6:9999', '10.0.0.5'],
  ['https://127.0.0.1:9999', '10.0.0.5'],
  ['https://2130706433:9999', '10.0.0.5'],
  ['https://127.1:9999', '10.0.0.5'],
  ['https://0x7f.1:9999', '10.0.0.5'],
  ['https://[::ffff:7f00:1]:9999', '10.0.0.5'],
  ['https://[::1]:9999', '10.0.0.5'],
  ['https://169.254.169.254', '169.254.169.254'],
  ['https://[fe80::1]:9999', 'fe80::1'],
  ['https://224.0.0.1:9999', '224.0.0.1'],
  ['https://0.0.0.0:9999', '0.0.0.0'],
  ['https://[::]:9999', '::'],
  ['https://10.0.0.5:9999@evil.example', '10.0.0.5'],
  ['https://user@10.0.0.5:9999', '10.0.0.5'],
  ['https://10.0.0.5:9999/v1', '10.0.0.5'],
  ['https://10.0.0.5:9999/?x=1', '10.0.0.5'],
  ['https://10.0.0.5:9999/#x', '10.0.0.5'],
  ['https://agent.example:9999', '10.0.0.5'],
  ['https://localhost:9999', '127.0.0.1'],
  ['ftp://10.0.0.5', '10.0.0.5'],
  ['file:///etc/passwd', '10.0.0.5'],
  ['javascript:1', '10.0.0.5'],
  ['10.0.0.5:9999', '10.0.0.5'],
  ['', '10.0.0.5'],
])('%j from %s is refused', (url, peer) => {
  expect(() => checkCallbackUrl(url, peer, strict)).toThrow(expect.objectContaining({ code: 'invalid' }))
})

test('an address is the same in all its spellings', () => {
  expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1')
  expect(plainAddress('::ffff:a00:1')).toBe('10.0.0.1')
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1')
})

test('a caller on this machine may forward for an agent elsewhere, unless networks are named', () => {
  const open = { requireTls: true, cidrs: [] }
  expect(checkCallbackUrl('https://10.1.1.2:9999', '127.0.0.1', open)).toBe('https://10.1.1.2:9999')
  expect(() => checkCallbackUrl('https://169.254.169.254', '127.0.0.1', open)).toThrow('none that an agent can have')
  expect(() => checkCallbackUrl('https://10.1.1.2:9999', '127.0.0.1', strict)).toThrow('agent_callback_cidrs')
})
