import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { framed, frameReader } from './frame-stream.ts'

/** Answers frames that a service of the network itself takes, as a DHCP server; undefined: it is none of its business. */
export type FrameService = (frame: Buffer) => readonly Uint8Array[] | undefined

export type PortFacts = { name: string; network: string | null; up: boolean; frames: number; bytes: number }

/** A learning switch in this process. Each port is a unix socket for one QEMU; frames stay on the port's network. */
export type EthernetSwitch = AsyncDisposable & {
  /** Opens a port; the path is for QEMU's `-netdev stream,server=off,addr.type=unix,addr.path=…`. */
  open(name: string, path: string, network: () => string | null): Promise<void>
  close(name: string): Promise<void>
  /** Forgets who was behind a port, once it is on another network. */
  forget(name: string): void
  /** What a network itself answers. */
  serve(network: string, service: FrameService): void
  readonly ports: readonly PortFacts[]
}

type Port = PortFacts & { server: Server; socket: Socket | undefined; path: string; networkNow: () => string | null }

/** Beyond this a port that does not read loses frames, as on any switch. */
const mostWaiting = 8 * 1024 * 1024
const headerBytes = 4 + 14
/** What the network itself answers is asked in short frames. */
const longestService = 1000

export function openEthernetSwitch(): EthernetSwitch {
  const fabric: Fabric = { ports: new Map(), learned: new Map(), services: new Map() }
  const { ports, services } = fabric
  return {
    open: (name, path, network) => openPort(fabric, { name, path, network }),
    async close(name) {
      const port = ports.get(name)
      if (port) await closePort(fabric, port)
    },
    forget: (name) => forget(fabric, ports.get(name)),
    serve: (network, service) => void services.set(network, [...(services.get(network) ?? []), service]),
    get ports() {
      return [...ports.values()].map(({ name, network, up, frames, bytes }) => ({ name, network, up, frames, bytes }))
    },
    async [Symbol.asyncDispose]() {
      for (const port of ports.values()) await closePort(fabric, port)
    },
  }
}

type Fabric = { ports: Map<string, Port>; learned: Map<string, Port>; services: Map<string, FrameService[]> }

async function openPort(
  fabric: Fabric,
  { name, path, network }: { name: string; path: string; network: () => string | null },
): Promise<void> {
  await rm(path, { force: true })
  const server = createServer((socket) => attach(fabric, port, socket))
  const port: Port = {
    ...{ name, path, server, socket: undefined, networkNow: network, frames: 0, bytes: 0 },
    get network() {
      return network()
    },
    get up() {
      return this.socket !== undefined
    },
  }
  server.listen(path)
  await once(server, 'listening')
  fabric.ports.set(name, port)
}

async function closePort({ ports }: Fabric, port: Port): Promise<void> {
  ports.delete(port.name)
  port.socket?.destroy()
  await new Promise<void>((resolve) => port.server.close(() => resolve()))
  await rm(port.path, { force: true })
}

function attach(fabric: Fabric, port: Port, socket: Socket): void {
  port.socket?.destroy()
  port.socket = socket
  const read = frameReader((frame) => forward(fabric, port, frame))
  socket.on('data', (bytes: Buffer) => {
    // One write for all frames that arrived together.
    for (const { socket: other } of fabric.ports.values()) other?.cork()
    read(bytes)
    for (const { socket: other } of fabric.ports.values()) other?.uncork()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    if (port.socket !== socket) return
    port.socket = undefined
    forget(fabric, port)
  })
}

const key = (network: string, mac: string): string => `${network}\0${mac}`

function forward({ ports, learned, services }: Fabric, from: Port, frame: Buffer): void {
  const network = from.networkNow()
  if (network === null || frame.length < headerBytes) return
  from.frames += 1
  from.bytes += frame.length - 4
  learned.set(key(network, frame.toString('latin1', 10, 16)), from)
  if (frame.length < longestService) {
    for (const service of services.get(network) ?? []) {
      const answers = service(frame.subarray(4))
      if (!answers) continue
      for (const answer of answers) send(from, framed(answer))
      return
    }
  }
  const isForMany = ((frame[4] ?? 0) & 1) === 1
  const known = isForMany ? undefined : learned.get(key(network, frame.toString('latin1', 4, 10)))
  const to = known ? [known] : [...ports.values()]
  for (const port of to) if (port !== from && port.networkNow() === network) send(port, frame)
}

function forget({ learned }: Fabric, port: Port | undefined): void {
  for (const [address, at] of learned) if (at === port) learned.delete(address)
}

function send(port: Port, frame: Buffer): void {
  if (port.socket && port.socket.writableLength < mostWaiting) port.socket.write(frame)
}
