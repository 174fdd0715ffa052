import { expect, test } from 'vitest'
import { masked, maskedLine, maskedText } from './redact.ts'

test.each([
  ['https://h/c/o?temp_url_sig=ab12&temp_url_expires=9', 'https://h/c/o?temp_url_sig=******&temp_url_expires=9'],
  [
    'https://s3/b/i?X-Amz-Date=1&X-Amz-Signature=ab&X-Amz-Security-Token=t',
    'https://s3/b/i?X-Amz-Date=1&X-Amz-Signature=******&X-Amz-Security-Token=******',
  ],
  ['https://a/i?sv=1&sig=a%2Bb&se=2', 'https://a/i?sv=1&sig=******&se=2'],
  ['http://u:p@h/i?Signature=x answered 403', 'http://******@h/i?Signature=****** answered 403'],
  ['POST /v1/commands?agent_token=abc', 'POST /v1/commands?agent_token=******'],
  ['Authorization: Basic dXNlcg==', 'Authorization: Basic ******'],
  ['the signature of 5 = 5 and design=blue', 'the signature of 5 = 5 and design=blue'],
])('in %j the secret is hidden, and nothing else', (text, shown) => {
  expect(maskedText(text)).toBe(shown)
})

test.each(['a.', 'password ', '?sig', '&key=', 'a://b', 'token=bearer '])(
  'a megabyte of %j is looked through in no time',
  (part) => {
    const text = `${part.repeat(2 ** 20 / part.length)}:`
    const started = performance.now()
    maskedText(text)
    expect(performance.now() - started).toBeLessThan(2000)
  },
)

test('a line of a log stays one document', () => {
  const line = `${JSON.stringify({ token: null, err: { message: 'GET http://h/i?sig=abc failed' }, n: { password: 7 } })}\n`
  expect(JSON.parse(maskedLine(line))).toEqual({
    token: null,
    err: { message: 'GET http://h/i?sig=****** failed' },
    n: { password: '******' },
  })
  expect(maskedLine('{"msg":"nothing here"}\n')).toBe('{"msg":"nothing here"}\n')
  expect(maskedLine('no document, password=x\n')).toBe('no document, password=******\n')
})

test('keys that hold what opens a BMC are hidden', () => {
  expect(masked({ snmp_community: 'c', a: [{ api_key: 'k' }], ssh_key: 's', snmp_version: '2c' })).toEqual({
    snmp_community: '******',
    a: [{ api_key: '******' }],
    ssh_key: '******',
    snmp_version: '2c',
  })
})
