import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { freePort } from '../free-port.ts'
import { openSwitch } from '../switch.ts'
import { addressBook } from './addresses.ts'
import { diesWithUs } from './child.ts'
import { dhcpFiles } from './dhcp-files.ts'
import { dhcpLog } from './dhcp-log.ts'
import { dhcpServer } from './dhcp-server.ts'
import type { BootClient, BootWord, DhcpLease } from './dhcp-server.ts'
import { openEthernetSwitch } from './ethernet-switch.ts'
import type { EthernetSwitch } from './ethernet-switch.ts'
import { openUplink } from './uplink.ts'
import type { Uplink } from './uplink.ts'
import { subnets } from './vm-network.ts'
import type { NetworkOptions, VmNetwork } from './vm-network.ts'

/** Networks in user space: needs no privilege at all. */
export async function openSwitchNetwork(options: NetworkOptions): Promise<VmNetwork> {
  await using stack = new AsyncDisposableStack()
  const book = addressBook()
  const leases: DhcpLease[] = []
  const ethernet = stack.use(openEthernetSwitch())
  const portOf = new Map<string, string>()
  const management = stack.use(await openSwitch())
  management.onMove((mac) => ethernet.forget(portOf.get(mac) ?? ''))
  const boot = await bootAnswers(options, stack)
  const dhcp = { isUp: true }
  const file = (name: string) => path.join(options.socketDir, name)
  const uplinks = new Map<string, Uplink>()
  for (const [network, { prefix, isClosed }] of Object.entries(subnets)) {
    const server = `${prefix}.2`
    const open = { boot, isUp: () => dhcp.isUp, onAnswer: dhcpLog(options.dhcpLog, network) }
    const addresses = { server, serverMac: macOf(server), addressOf: (mac: string) => book.of(mac, network) }
    const onLease = (lease: DhcpLease) => void leases.push(lease)
    ethernet.serve(network, dhcpServer({ ...addresses, onLease, ...(isClosed ? {} : open) }))
    uplinks.set(network, stack.use(await uplinkOf(network, ethernet, options)))
  }

  const forwards = new Map<string, Promise<number>>()
  const all = stack.move()
  return {
    kind: 'switch',
    switch: management,
    enter: diesWithUs,
    namespace: undefined,
    deviceOf: () => undefined,
    leases: async () => leases,
    async plug(id, name, mac) {
      book.add(mac)
      const port = `${name}.${id}`
      portOf.set(mac.toLowerCase(), port)
      const socket = file(`${port}.port`)
      await ethernet.open(port, socket, () => management.networkOf(mac))
      return `stream,id=${id},server=off,addr.type=unix,addr.path=${socket}`
    },
    unplug: (mac) => ethernet.close(portOf.get(mac.toLowerCase()) ?? ''),
    forward(mac, network, port) {
      const key = `${mac} ${network} ${port}`
      const known = forwards.get(key) ?? open(mac, network, port)
      forwards.set(key, known)
      return known
    },
    expose: async () => {},
    setDhcp: async (isUp) => void (dhcp.isUp = isUp),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }

  async function open(mac: string, network: string, toPort: number): Promise<number> {
    const address = book.of(mac, network)
    const uplink = uplinks.get(network)
    if (!address || !uplink) throw new Fault('not_found', `${mac} has no address on the network ${network}`)
    const port = await freePort()
    await uplink.forward(port, address, toPort)
    return port
  }
}

async function uplinkOf(network: string, ethernet: EthernetSwitch, options: NetworkOptions): Promise<Uplink> {
  const { tftpRoot, socketDir, dir } = options
  const { prefix = '', isClosed = true } = subnets[network] ?? {}
  const port = path.join(socketDir, `${network}.port`)
  await ethernet.open(`uplink-${network}`, port, () => network)
  const net = { name: network, net: `${prefix}.0/24`, host: `${prefix}.2`, isClosed }
  return await openUplink({ ...net, port, tftpRoot, socketDir, logFile: path.join(dir, `uplink-${network}.log`) })
}

const refreshMs = 200
const loaders: Readonly<Record<number, string>> = { 0: 'undionly.kpxe', 7: 'snponly.efi', 9: 'snponly.efi' }

/** What the conductor's files say, and for the rest the script for all. */
async function bootAnswers(
  { hostsDir, optsDir, scriptUrl }: NetworkOptions,
  stack: AsyncDisposableStack,
): Promise<(client: BootClient) => BootWord> {
  const files = dhcpFiles({ hostsDir, optsDir })
  await files.refresh()
  const timer = setInterval(() => void files.refresh().catch(() => {}), refreshMs)
  stack.defer(() => clearInterval(timer))
  return ({ mac, arch, isIpxe }) => {
    const { isIgnored, options } = files.wordFor(mac, new Set(isIpxe ? ['ipxe'] : []))
    return { isIgnored, options, bootFile: options.get(67) ?? (isIpxe ? scriptUrl : loaders[arch]) }
  }
}

/** The address that QEMU's own stack has on the wire. */
const macOf = (address: string): string =>
  ['52', '55', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':')
