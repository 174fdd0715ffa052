import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

export type FakeRequest = {
  /** 1 for the first request of this server. */
  attempt: number
  path: string
  headers: Map<string, string>
  /** First byte that a Range header asks for. */
  from: number | undefined
}

export type FakeImageServer = { url: string; origin: string; requests: FakeRequest[] } & AsyncDisposable

/** An image server that does exactly what `answer` writes to the socket: for tests of everything that goes wrong. */
export async function fakeImageServer(
  answer: (request: FakeRequest, socket: Socket) => void,
  tls?: { cert: string; key: string },
): Promise<FakeImageServer> {
  const sockets = new Set<Socket>()
  const requests: FakeRequest[] = []
  const serve = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      const request = parse(text, requests.length + 1)
      text = ''
      requests.push(request)
      answer(request, socket)
    })
  }
  const server = tls ? createTlsServer(tls, serve) : createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `${origin}/disk.raw`,
    origin,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function parse(text: string, attempt: number): FakeRequest {
  const [first = '', ...lines] = text.trimEnd().split('\r\n')
  const headers = new Map(lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.split(': ')[1] ?? '']))
  const range = /^bytes=([0-9]+)-$/.exec(headers.get('range') ?? '')
  return { attempt, path: first.split(' ')[1] ?? '', headers, from: range ? Number(range[1]) : undefined }
}

export type Shape = {
  etag?: string
  /** Closes the connection after this many bytes of the body. */
  cutAfter?: number
  /** Says nothing more after this many bytes of the body. */
  stallAfter?: number
  /** Answers 200 to a range request. */
  ignoreRange?: boolean
  headers?: Record<string, string | number>
}

/** Answers as a good server would, but for what `shape` says. */
export function serveImage(
  data: Buffer,
  { from, headers: asked }: FakeRequest,
  socket: Socket,
  shape: Shape = {},
): void {
  const { etag, cutAfter, stallAfter, ignoreRange, headers } = shape
  const matches = asked.get('if-range') === etag
  const start = from !== undefined && !ignoreRange && matches ? from : 0
  const isRange = start > 0
  const body = data.subarray(start)
  const fields = {
    'content-length': body.length,
    ...(etag ? { etag } : {}),
    ...(isRange ? { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
    ...headers,
  }
  writeHead(socket, isRange ? '206 Partial Content' : '200 OK', fields)
  const sent = body.subarray(0, Math.min(cutAfter ?? body.length, stallAfter ?? body.length))
  socket.write(sent, () => {
    if (stallAfter === undefined || sent.length === body.length) socket.end()
  })
}

/** As `serveImage`, and answers requests for a part that has an end. */
export function serveParts(data: Buffer, request: FakeRequest, socket: Socket, shape: Shape = {}): void {
  const range = /^bytes=([0-9]+)-([0-9]+)$/.exec(request.headers.get('range') ?? '')
  if (!range) return serveImage(data, request, socket, shape)
  const [start, end] = [Number(range[1]), Number(range[2])]
  const body = data.subarray(start, end + 1)
  const fields = {
    'content-length': body.length,
    'content-range': `bytes ${start}-${end}/${data.length}`,
    ...(shape.etag ? { etag: shape.etag } : {}),
  }
  writeHead(socket, '206 Partial Content', fields)
  socket.end(body)
}

export function writeHead(socket: Socket, status: string, fields: Record<string, string | number> = {}): void {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`)
}
