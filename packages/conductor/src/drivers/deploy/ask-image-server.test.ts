import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Task } from '../../core/task.ts'
import { askImageServer } from './ask-image-server.ts'

async function serve(status: number, statusOfGet = status, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.method === 'HEAD' ? status : statusOfGet, headers).end('x')
  })
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.img`
}
const task = { node: { instance_info: {} }, signal: new AbortController().signal } as unknown as Task
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

test('nobody there, or a place that must not be asked, is told before anything is done', async () => {
  await expect(ask('http://127.0.0.1:9/x', task)).rejects.toThrow(/does not answer/)
  await expect(ask('http://169.254.169.254/latest', task)).rejects.toMatchObject({ code: 'invalid' })
  await expect(askImageServer({ onLoopback: false })(await serve(200), task)).rejects.toMatchObject({ code: 'invalid' })
})
