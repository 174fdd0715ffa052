import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = { method: string; path: string; body: unknown; headers: IncomingMessage['headers'] }
export type FakeApi = AsyncDisposable & { url: string; asked: Asked[] }
type Reply = { status?: number; body?: unknown; headers?: Record<string, string>; hang?: boolean }

/** A server on a port of chance that answers as told, and remembers what it was asked. */
export async function fakeApi(answer: (asked: Asked, count: number) => Reply): Promise<FakeApi> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const one = { method: request.method ?? '', path: request.url ?? '', body, headers: request.headers }
      asked.push(one)
      send(response, answer(one, asked.length))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Ironic's error body: a document inside of a string inside of a document. */
export const ironicError = (faultstring: string) => ({
  error_message: JSON.stringify({ faultcode: 'Client', faultstring, debuginfo: null }),
})

function send(response: ServerResponse, { status = 200, body, headers = {}, hang = false }: Reply): void {
  if (hang) return
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text ? (JSON.parse(text) as unknown) : undefined
}
