import { EventEmitter, once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { z } from 'zod'

export type QmpEvent = { event: string; data: Record<string, unknown> }

/** QEMU's control channel. QEMU connects to us, so nobody has to look again and again whether it is there. */
export type Qmp = AsyncDisposable & {
  /** Path for QEMU's `-chardev socket,path=…,server=off`. */
  readonly path: string
  /** Waits for QEMU to connect, at most as long as the channel is open. Rejects with what QEMU refused. */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>
  onEvent(listener: (event: QmpEvent) => void): void
}

const message = z.union([
  z.looseObject({ QMP: z.unknown() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ id: z.number().optional(), error: z.object({ desc: z.string() }) }),
  z.object({ id: z.number().optional(), return: z.unknown() }),
])
type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void }

/** Listens for one QEMU on a unix socket. */
export async function openQmp(path: string): Promise<Qmp> {
  await rm(path, { force: true })
  const events = new EventEmitter<{ event: [QmpEvent] }>()
  const waiting = new Map<number, Waiting>()
  const connected = Promise.withResolvers<Socket>()
  connected.promise.catch(() => {})
  let last = 0
  const fail = (error: Error) => {
    connected.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const take = (line: string, socket: Socket) => {
    const parsed = message.parse(JSON.parse(line))
    if ('QMP' in parsed) return void socket.write('{"execute":"qmp_capabilities","id":0}\n')
    if ('event' in parsed) return void events.emit('event', parsed)
    const id = 'id' in parsed ? Number(parsed.id) : -1
    if (id === 0) return connected.resolve(socket)
    const one = waiting.get(id)
    waiting.delete(id)
    if ('error' in parsed) one?.reject(new Error(parsed.error.desc))
    else one?.resolve('return' in parsed ? parsed.return : undefined)
  }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim()) take(line, socket)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => fail(new Error('QEMU is gone')))
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    async execute(command, args = {}) {
      const socket = await connected.promise
      const id = (last += 1)
      return await new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
      })
    },
    onEvent: (listener) => void events.on('event', listener),
    async [Symbol.asyncDispose]() {
      fail(new Error('the control channel of QEMU is closed'))
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
