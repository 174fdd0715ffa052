import { EventEmitter, once } from 'node:events'
import { appendFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

/** A machine's serial line: kept in a file, and open to whoever connects to it. */
export type SerialConsole = AsyncDisposable & {
  /** QEMU connects here. */
  readonly path: string
  /** People connect here: they see what the machine says from now on, and can type. */
  readonly viewersPath: string
  onText(listener: (text: string) => void): void
  /** A line of the lab's own in the log. */
  note(text: string): void
}

export async function openSerialConsole(parts: {
  path: string
  viewersPath: string
  logFile: string
}): Promise<SerialConsole> {
  const texts = new EventEmitter<{ text: [string] }>()
  const [machines, viewers] = [new Set<Socket>(), new Set<Socket>()]
  let written = Promise.resolve()
  const keep = (bytes: string | Buffer) => {
    written = written.then(() => appendFile(parts.logFile, bytes)).catch(() => {})
  }
  const decoder = new TextDecoder()
  const machineSide = await listen(parts.path, machines, (bytes) => {
    keep(bytes)
    for (const viewer of viewers) viewer.write(bytes)
    texts.emit('text', decoder.decode(bytes, { stream: true }))
  })
  const viewerSide = await listen(parts.viewersPath, viewers, (bytes) => {
    for (const machine of machines) machine.write(bytes)
  })
  return {
    path: parts.path,
    viewersPath: parts.viewersPath,
    onText: (listener) => void texts.on('text', listener),
    note: (text) => keep(`\r\n--- ${new Date().toISOString()} ${text} ---\r\n`),
    async [Symbol.asyncDispose]() {
      for (const socket of [...machines, ...viewers]) socket.destroy()
      for (const server of [machineSide, viewerSide])
        await new Promise<void>((resolve) => server.close(() => resolve()))
      await written
    },
  }
}

async function listen(path: string, open: Set<Socket>, onData: (bytes: Buffer) => void): Promise<Server> {
  await rm(path, { force: true })
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('data', onData)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  })
  server.listen(path)
  await once(server, 'listening')
  return server
}
