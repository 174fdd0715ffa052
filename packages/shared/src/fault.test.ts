import { expect, test } from 'vitest'
import { explain, Fault } from './fault.ts'

test('the chain of causes is one line, and nothing is said twice', () => {
  const cause = new Error('connect ECONNREFUSED', { cause: new Error('connect ECONNREFUSED') })
  expect(explain(new Fault('bmc_unreachable', 'no answer', { cause }))).toBe('no answer: connect ECONNREFUSED')
})

test('what OpenSSL says of a server that speaks plain http is told in words', () => {
  const said =
    '40C36534DF7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl/openssl/ssl/record/methods/tlsany_meth.c:78:\n'
  expect(explain(new Fault('bmc_unreachable', 'no answer from the BMC', { cause: new Error(said) }))).toBe(
    'no answer from the BMC: it does not speak TLS (https) there',
  )
  const alert = said.replace('wrong version number', 'tlsv1 alert protocol version')
  expect(explain(new Error(alert))).toBe('tlsv1 alert protocol version (SSL routines)')
})

test('a message of several lines becomes one', () => {
  expect(explain(new Error('Unexpected scalar at line 2:\n\n  [DEFAULT]\n  ^^^^\n'))).toBe(
    'Unexpected scalar at line 2: [DEFAULT] ^^^^',
  )
})
