import { execFileSync } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { Task } from '../../core/task.ts'
import { askImageServer } from './ask-image-server.ts'

async function serve(status: number, statusOfGet = status, headers: Record<string, string> = {}): Promise<string> {
  const port = await listening(
    createServer((request, response) => {
      response.writeHead(request.method === 'HEAD' ? status : statusOfGet, headers).end('x')
    }),
  )
  return `http://127.0.0.1:${port}/disk.img`
}

async function listening(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}
const taskWith = (instance_info: object) =>
  ({
    node: { instance_info },
    signal: new AbortController().signal,
    log: pino({ level: 'silent' }),
  }) as unknown as Task
const task = taskWith({})
const ask = askImageServer({ onLoopback: true })

test.each([200, 204, 302])('%i means that the image is there', async (status) => {
  await expect(ask(await serve(status), task)).resolves.toBeUndefined()
})

test.each([403, 404, 500])('%i is told with the URL', async (status) => {
  const url = await serve(status)
  await expect(ask(url, task)).rejects.toMatchObject({ code: 'invalid', message: new RegExp(`${url}.*${status}`) })
})

test('a page in place of the image, as logins and proxies have it, is told before anything is done', async () => {
  const url = await serve(200, 200, { 'content-type': 'text/html; charset=utf-8' })
  await expect(ask(url, task)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringMatching(/web page/) as string,
  })
})

test('a server that does not know HEAD is asked for the first byte', async () => {
  await expect(ask(await serve(405, 206), task)).resolves.toBeUndefined()
  await expect(ask(await serve(405, 404), task)).rejects.toThrow(/404/)
})

test('a URL that is signed for GET is asked so', async () => {
  const signed = (url: string) => `${url}?X-Amz-Signature=ab`
  await expect(ask(signed(await serve(403, 206)), task)).resolves.toBeUndefined()
  await expect(ask(signed(await serve(403, 403)), task)).rejects.toThrow(/403/)
  await expect(ask(await serve(403, 206), task)).rejects.toThrow(/403/)
})

test('nobody there, or a place that must not be asked, is told before anything is done', async () => {
  await expect(ask('http://127.0.0.1:9/x', task)).rejects.toThrow(/does not answer/)
  await expect(ask('http://169.254.169.254/latest', task)).rejects.toMatchObject({ code: 'invalid' })
  await expect(askImageServer({ onLoopback: false })(await serve(200), task)).rejects.toMatchObject({ code: 'invalid' })
})

test('the user part of the URL is shown to the server, as the agent will do', async () => {
  const seen: unknown[] = []
  const port = await listening(
    createServer((request, response) => {
      seen.push(request.headers.authorization, request.url)
      response.end()
    }),
  )
  await ask(`http://u:p%40%25@127.0.0.1:${port}//double/disk.img`, task)
  expect(seen).toEqual([`Basic ${btoa('u:p@%')}`, '//double/disk.img'])
})

const login = { image_server_user: 'u', image_server_password: 'p' }
test.each([
  [login, '/disk.img', undefined],
  [{}, '/disk.img?temp_url_sig=s', undefined],
  [{}, '/disk.img', '404'],
])('a server whose certificate nobody vouches for sees no secret: %j %s', async (info, path, refusal) => {
  const asked: RequestListener = (_request, response) => response.writeHead(404).end()
  const pem = execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout - -out -'.split(' '),
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const port = await listening(createTlsServer({ key: pem, cert: pem }, asked))
  const said = await ask(`https://127.0.0.1:${port}${path}`, taskWith(info)).catch((error: Error) => error.message)
  expect(said?.match(/40\d/)?.[0]).toBe(refusal)
})
