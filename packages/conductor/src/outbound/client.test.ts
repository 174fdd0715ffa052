import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '@ferrite/shared/secret'
import { expect, onTestFinished, test } from 'vitest'
import { openOutbound } from './client.ts'
import { BoundCredential, originOf } from './credential.ts'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const open = (origin: string, more: object = {}) => openOutbound({ origin, unreachable: 'agent_unreachable', ...more })

test('a request carries its credential to its own origin', async () => {
  const origin = await serve((request, response) =>
    response.end(JSON.stringify({ seen: request.headers.authorization })),
  )
  await using client = open(origin, { credential: BoundCredential.basic(origin, 'u', new Secret('p')) })
  const answer = await client.request({ path: '/x' })
  expect(answer.json()).toEqual({ seen: `Basic ${btoa('u:p')}` })
})

test('a credential refuses another origin, another port is another origin', () => {
  const credential = BoundCredential.header('https://10.0.0.1', 'X-Auth-Token', new Secret('t'))
  expect(() => credential.appliedTo('https://10.0.0.1:8443')).toThrow(/must not be sent/)
  expect(credential.appliedTo(originOf('https://10.0.0.1:443/redfish'))).toMatchObject({
    headers: { 'x-auth-token': 't' },
  })
})

test('a URL of another origin is refused before a socket is opened', async () => {
  const origin = await serve((_, response) => response.end())
  await using client = open(origin)
  await expect(client.request({ path: 'http://169.254.169.254/latest' })).rejects.toMatchObject({ code: 'off_origin' })
  await expect(client.request({ path: '//evil.example/' })).rejects.toMatchObject({ code: 'off_origin' })
})

test('redirects are answers unless asked for, and never leave the origin', async () => {
  const origin = await serve((request, response) => {
    if (request.url === '/end') response.end('"here"')
    else response.writeHead(302, { location: request.url === '/out' ? 'http://127.0.0.1:1/' : '/end' }).end()
  })
  await using client = open(origin)
  expect((await client.request({ path: '/in' })).status).toBe(302)
  expect((await client.request({ path: '/in', redirects: 3 })).json()).toBe('here')
  await expect(client.request({ path: '/out', redirects: 3 })).rejects.toMatchObject({ code: 'off_origin' })
})

test('an answer that is too long is dropped', async () => {
  const origin = await serve((_, response) => response.end('x'.repeat(2000)))
  await using client = open(origin, { limits: { maxBytes: 1000 } })
  await expect(client.request({ path: '/' })).rejects.toMatchObject({ code: 'too_large' })
})

test('a server that never answers is given up, and the fault says that the request was sent', async () => {
  const origin = await serve(() => {})
  await using client = open(origin, { limits: { totalMs: 100 } })
  await expect(client.request({ path: '/' })).rejects.toMatchObject({
    code: 'agent_unreachable',
    details: { sent: true },
  })
})

test('a closed port is told apart: the request was never sent', async () => {
  await using client = open('http://127.0.0.1:9')
  await expect(client.request({ path: '/' })).rejects.toMatchObject({
    details: { sent: false, reason: 'ECONNREFUSED' },
  })
})

test('a denied address is not dialled, by name or by number', async () => {
  await using byName = open('http://localhost:9', { deny: () => true })
  await expect(byName.request({ path: '/' })).rejects.toMatchObject({ code: 'off_origin' })
  await using byNumber = open('http://127.0.0.1:9', { deny: () => true })
  await expect(byNumber.request({ path: '/' })).rejects.toMatchObject({ code: 'off_origin' })
})
