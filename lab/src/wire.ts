import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP connection point that carries bytes only while the network lets it. */
export type Wire = AsyncDisposable & {
  readonly port: number
  /** Cuts what is open now; whether new connections come through is up to `isUp`. */
  cut(): void
}

/** Listens on `listen` and carries each connection to `target`, which sees it coming from `from`. */
export async function openWire(wire: {
  listen: { host: string; port: number }
  target: { host: string; port: number }
  from?: string
  isUp: () => boolean
}): Promise<Wire> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (!wire.isUp()) return void near.destroy()
    const far = connect({ ...wire.target, allowHalfOpen: true, ...(wire.from ? { localAddress: wire.from } : {}) })
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroySoon()
      })
      socket.pipe(other)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wire.listen, resolve)
  })
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
