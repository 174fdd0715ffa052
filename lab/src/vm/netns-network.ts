import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { openSwitch } from '../switch.ts'
import type { Switch } from '../switch.ts'
import type { DhcpLease } from './dhcp-server.ts'
import { openNamespace } from './namespace.ts'
import type { Namespace } from './namespace.ts'
import { dnsmasqConfigs } from './netns-dnsmasq.ts'
import { bridgeName, hostAddress, subnets } from './vm-network.ts'
import type { NetworkOptions, VmNetwork } from './vm-network.ts'

/** Networks as bridges of a namespace, with dnsmasq on them; by root, or by anybody whom the kernel lets. */
export async function openNetnsNetwork(options: NetworkOptions): Promise<VmNetwork> {
  await using stack = new AsyncDisposableStack()
  let management: Switch | undefined
  const taps = new Map<string, string>()
  const settled = new Set<string>()
  const space = stack.use(
    await openNamespace({
      logFile: path.join(options.dir, 'namespace.log'),
      name: `ferrite-${path.basename(options.socketDir)}`,
      onMove(device, bridge) {
        const mac = [...taps].find(([, tap]) => tap === device)?.[0]
        // A tap that is new is nowhere before it is somewhere for the first time.
        if (mac === undefined || (bridge === null && !settled.has(device))) return
        settled.add(device)
        management?.noticed(mac, bridge === null ? null : networkOfBridge(bridge))
      },
    }),
  )
  const bridge = await startBridges(space, options)
  const apply = async (mac: string, network: string | null) => {
    const tap = taps.get(mac.toLowerCase())
    if (!tap) return
    if (network !== null) await bridge(network)
    await space.ask({ do: 'move', tap, bridge: network === null ? null : bridgeName(network) })
  }
  management = stack.use(await openSwitch({ apply }))
  const networks = management
  // Ways in are added as long as the lab runs.
  const crossing = await openCrossing(space, options, stack.use(new AsyncDisposableStack()))
  const all = stack.move()
  return {
    kind: 'netns',
    switch: networks,
    enter: space.enter,
    namespace: space.name,
    deviceOf: (mac) => taps.get(mac.toLowerCase()),
    leases: async () =>
      (await Promise.all(Object.keys(subnets).map((network) => leasesOf(options.dir, network)))).flat(),
    async plug(id, _, mac) {
      const tap = `tap${taps.size}`
      taps.set(mac.toLowerCase(), tap)
      await space.ask({ do: 'tap', name: tap })
      await apply(mac, networks.networkOf(mac))
      return `tap,id=${id},ifname=${tap},script=no,downscript=no`
    },
    async unplug(mac) {
      const tap = taps.get(mac.toLowerCase())
      taps.delete(mac.toLowerCase())
      if (tap) await space.ask({ do: 'untap', name: tap })
    },
    ...crossing,
    setDhcp: (isUp) => space.ask({ do: 'pause', name: 'provisioning', isPaused: !isUp }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** A bridge for each network with dnsmasq on it; the answer makes one for any other network. */
async function startBridges(space: Namespace, options: NetworkOptions): Promise<(network: string) => Promise<void>> {
  const bridges = new Set<string>()
  const bridge = async (network: string, addresses: readonly string[] = []) => {
    if (bridges.has(network)) return
    bridges.add(network)
    await space.ask({ do: 'bridge', name: bridgeName(network), addresses })
  }
  for (const [network, { prefix, isClosed }] of Object.entries(subnets)) {
    await bridge(network, [`${prefix}.2/24`, ...(isClosed ? [] : ['fd66::2/64'])])
  }
  for (const [network, text] of Object.entries(dnsmasqConfigs(options))) {
    const config = path.join(options.dir, `dnsmasq-${network}.conf`)
    await writeFile(config, text)
    await space.ask({ do: 'dnsmasq', name: network, config })
  }
  return bridge
}

const networkOfBridge = (bridge: string): string =>
  Object.keys(subnets).find((network) => bridgeName(network) === bridge) ?? bridge.replace(/^br-/, '')

/** TCP between this computer's loopback and the namespace, through unix sockets. */
async function openCrossing(
  space: Namespace,
  { socketDir, dir }: NetworkOptions,
  stack: AsyncDisposableStack,
): Promise<Pick<VmNetwork, 'forward' | 'expose'>> {
  const [outside, entrance] = [path.join(socketDir, 'outside'), path.join(socketDir, 'inside')]
  const exposed = new Set<number>()
  await listening(stack, { path: outside }, (near) => {
    near.once('data', (bytes: Buffer) => {
      near.pause()
      const end = bytes.indexOf(10)
      const port = Number(bytes.toString('latin1', 0, end))
      if (!exposed.has(port)) return near.destroy()
      const far = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      if (bytes.length > end + 1) far.write(bytes.subarray(end + 1))
      return join(near, far)
    })
  })
  await space.ask({ do: 'enter', socket: entrance })
  const forwards = new Map<string, Promise<number>>()
  const open = async (mac: string, network: string, toPort: number): Promise<number> => {
    const server = await listening(stack, { host: '127.0.0.1', port: 0 }, async (near) => {
      near.pause()
      const lease = (await leasesOf(dir, network)).findLast((one) => one.mac === mac.toLowerCase())
      if (!lease) return near.destroy()
      const far = connect({ path: entrance, allowHalfOpen: true })
      far.write(`${lease.address}:${toPort}\n`)
      return join(near, far)
    })
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  return {
    forward(mac, network, port) {
      if (!subnets[network]) throw new Fault('not_found', `there is no network ${network} with addresses`)
      const key = `${mac} ${network} ${port}`
      const known = forwards.get(key) ?? open(mac, network, port)
      forwards.set(key, known)
      return known
    },
    async expose(port) {
      if (exposed.has(port)) return
      exposed.add(port)
      await space.ask({ do: 'expose', host: hostAddress, port, socket: outside })
    },
  }
}

type Place = { path: string } | { host: string; port: number }

async function listening(
  stack: AsyncDisposableStack,
  place: Place,
  onSocket: (near: Socket) => unknown,
): Promise<Server> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    open.add(near)
    near.on('error', () => near.destroy())
    near.on('close', () => open.delete(near))
    void onSocket(near)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(place, resolve))
  stack.defer(async () => {
    for (const socket of open) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return server
}

function join(near: Socket, far: Socket): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroySoon())
    socket.pipe(other)
  }
}

/** dnsmasq's leases: time of expiry, MAC, address, name, client id; the newest last. */
async function leasesOf(dir: string, network: string): Promise<DhcpLease[]> {
  const text = await readFile(path.join(dir, `${network}.leases`), 'utf8').catch(() => '')
  const rows = text.split('\n').map((line) => line.split(' '))
  return rows
    .filter(([, mac]) => mac?.includes(':'))
    .map(([expiry, mac = '', address = '', hostname]) => ({
      at: new Date((Number(expiry) - 3600) * 1000),
      mac: mac.toLowerCase(),
      address,
      hostname: hostname === '*' ? undefined : hostname,
    }))
    .filter(({ address }) => !address.includes(':'))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
}
