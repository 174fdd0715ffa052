import { expect, test } from 'vitest'
import { configFrom } from './config.ts'
import { parseKernelParams } from './kernel-params.ts'

test.each([
  ['ipa-api-url=http://10.0.0.1:6385 quiet ro', { 'ipa-api-url': 'http://10.0.0.1:6385', quiet: '', ro: '' }],
  ['a="b c" d="e=f"', { a: 'b c', d: 'e=f' }],
  ['"a=b c" next', { a: 'b c', next: '' }],
  ['a=1 a=2', { a: '2' }],
  ['  a=1\n\tb=2\n', { a: '1', b: '2' }],
  ['=x a=', { a: '' }],
  ['a="unfinished b', { a: 'unfinished b' }],
  ['', {}],
])('the command line %j is read as the kernel reads it', (text, expected) => {
  expect(Object.fromEntries(parseKernelParams(text))).toEqual(expected)
})

const config = (text: string) => configFrom(parseKernelParams(text))

test('several API URLs may be given, with or without a slash at the end', () => {
  expect(config('ipa-api-url=http://a:6385/,https://b')['ipa-api-url']).toEqual(['http://a:6385', 'https://b'])
})

test('IPA’s defaults hold for what is not given, and empty values count as not given', () => {
  expect(config('ipa-listen-port= BOOTIF=')).toMatchObject({
    'ipa-listen-port': 9999,
    'ipa-lookup-timeout': 600_000,
    'ipa-lookup-interval': 1_000,
    'ipa-insecure': false,
  })
})

test.each(['1', 'true', 'True', 'yes', 'on'])('%s is a yes', (word) => {
  expect(config(`ipa-insecure=${word}`)['ipa-insecure']).toBe(true)
})

test('parameters of others are ignored, and a wrong one of ours is named', () => {
  expect(config('root=/dev/ram0 ipa-what-is-this=1 nofb')['ipa-api-url']).toEqual([])
  expect(() => config('ipa-listen-port=ninety')).toThrow(/ipa-listen-port/)
  expect(() => config('ipa-api-url=mdns')).toThrow(/ipa-api-url/)
})

test('a token given at boot does not show when the configuration is printed', () => {
  const token = 'abcdefghijklmnopqrstuvwxyz0123456789'
  expect(JSON.stringify(config(`ipa-agent-token=${token}`))).not.toContain(token)
})
