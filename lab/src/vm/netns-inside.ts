import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { z } from 'zod'
import { diesWithUs } from './child.ts'

// Runs inside the network namespace, and is what keeps it: bridges, taps, dnsmasq, and TCP in both directions by unix
// sockets, which cross namespaces. With it everything is gone.
const run = promisify(execFile)
const ip = (...args: string[]) => run('ip', args)

const request = z.discriminatedUnion('do', [
  z.object({ id: z.number(), do: z.literal('bridge'), name: z.string(), addresses: z.array(z.string()) }),
  z.object({ id: z.number(), do: z.literal('tap'), name: z.string() }),
  z.object({ id: z.number(), do: z.literal('untap'), name: z.string() }),
  z.object({ id: z.number(), do: z.literal('move'), tap: z.string(), bridge: z.string().nullable() }),
  z.object({ id: z.number(), do: z.literal('dnsmasq'), name: z.string(), config: z.string() }),
  z.object({ id: z.number(), do: z.literal('pause'), name: z.string(), isPaused: z.boolean() }),
  /** From machines to a unix socket outside, which is told the port. */
  z.object({ id: z.number(), do: z.literal('expose'), host: z.string(), port: z.number(), socket: z.string() }),
  /** From a unix socket to machines; the first line says where to. */
  z.object({ id: z.number(), do: z.literal('enter'), socket: z.string() }),
])
type Request = z.infer<typeof request>

const services = new Map<string, ChildProcess>()

process.on('disconnect', () => process.exit(0))
process.on('exit', () => {
  for (const child of services.values()) child.kill('SIGKILL')
})
process.on('message', (message) => {
  const asked = request.parse(message)
  perform(asked).then(
    () => process.send?.({ id: asked.id }),
    (error: unknown) => process.send?.({ id: asked.id, error: error instanceof Error ? error.message : String(error) }),
  )
})
await ip('link', 'set', 'lo', 'up')
watchLinks()
process.send?.({ id: 0 })

/** Tells which bridge a tap is on, whoever has moved it. */
function watchLinks(): void {
  const [file, ...args] = [...diesWithUs, 'ip', '-o', 'monitor', 'link']
  const monitor = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  services.set('monitor', monitor)
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    const device = /^(?:Deleted )?\d+: (tap\d+)[:@]/.exec(line)?.[1]
    if (device === undefined || line.startsWith('Deleted')) return
    process.send?.({ id: -1, device, bridge: /\bmaster (\S+)/.exec(line)?.[1] ?? null })
  })
}

async function perform(asked: Request): Promise<void> {
  if (asked.do === 'bridge') return bridge(asked.name, asked.addresses)
  if (asked.do === 'tap') {
    await ip('tuntap', 'add', 'dev', asked.name, 'mode', 'tap')
    await ip('link', 'set', asked.name, 'up')
  } else if (asked.do === 'untap') await ip('link', 'del', asked.name)
  else if (asked.do === 'move') await move(asked.tap, asked.bridge)
  else if (asked.do === 'dnsmasq') dnsmasq(asked.name, asked.config)
  else if (asked.do === 'pause') services.get(asked.name)?.kill(asked.isPaused ? 'SIGSTOP' : 'SIGCONT')
  else if (asked.do === 'expose') await expose(asked)
  else await enter(asked.socket)
}

async function bridge(name: string, addresses: readonly string[]): Promise<void> {
  await ip('link', 'add', name, 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
  for (const address of addresses) {
    await ip('addr', 'add', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []))
  }
  await ip('link', 'set', name, 'up')
}

async function move(tap: string, to: string | null): Promise<void> {
  await (to === null ? ip('link', 'set', tap, 'nomaster') : ip('link', 'set', tap, 'master', to))
}

function dnsmasq(name: string, config: string): void {
  // Not a daemon: it would change its groups, which the root of a user namespace may not.
  const [file, ...args] = [...diesWithUs, 'dnsmasq', '--no-daemon', `--conf-file=${config}`]
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  services.set(name, child)
}

async function expose({ host, port, socket }: { host: string; port: number; socket: string }): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: socket, allowHalfOpen: true })
    far.write(`${port}\n`)
    join(near, far)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
}

async function enter(path: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.once('data', (bytes: Buffer) => {
      near.pause()
      const end = bytes.indexOf(10)
      const [host = '', port = ''] = bytes.toString('latin1', 0, end).split(':')
      const far = connect({ host, port: Number(port), allowHalfOpen: true })
      if (bytes.length > end + 1) far.write(bytes.subarray(end + 1))
      join(near, far)
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
}

function join(near: Socket, far: Socket): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.setNoDelay(true)
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroySoon())
    socket.pipe(other)
  }
}
