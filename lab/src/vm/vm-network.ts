import type { Switch } from '../switch.ts'
import type { DhcpLease } from './dhcp-server.ts'

/** The networks every lab has; others can be named and are islands. */
export const subnets: Readonly<Record<string, { prefix: string; isClosed: boolean }>> = {
  provisioning: { prefix: '10.66.0', isClosed: false },
  tenant: { prefix: '10.77.0', isClosed: true },
}

/** Names of interfaces have 15 characters at most. */
export const bridgeName = (network: string): string => `br-${network.slice(0, 12)}`

/** What machines on the provisioning network call this computer. */
export const hostAddress = '10.66.0.2'

/** The networks of virtual machines, whatever they are made of. */
export type VmNetwork = AsyncDisposable & {
  readonly kind: 'switch' | 'netns'
  /** Who says which network a port is on, with the HTTP door that conductors use. */
  readonly switch: Switch
  /** Words before QEMU's command. */
  readonly enter: readonly string[]
  /** For the conductor's network interface `bridge`: the namespace of the bridges, where it has a name. */
  readonly namespace: string | undefined
  /** Device of a card, where it has one. */
  deviceOf(mac: string): string | undefined
  /** Addresses that were given, oldest first. */
  leases(): Promise<readonly DhcpLease[]>
  /** Gives a network card its port; the answer is QEMU's -netdev for the id. */
  plug(id: string, name: string, mac: string): Promise<string>
  unplug(mac: string): Promise<void>
  /** A port of this computer's loopback that leads to a machine; the same one for the same question. */
  forward(mac: string, network: string, port: number): Promise<number>
  /** Machines reach this port of this computer's loopback from now on, by `hostAddress` and the same port. */
  expose(port: number): Promise<void>
  /** Whether anybody answers DHCP on the provisioning network. */
  setDhcp(isUp: boolean): Promise<void>
}

/** Directories and files that a conductor and the networks' DHCP and TFTP servers share. */
export type NetworkOptions = {
  /** For sockets, whose paths must be short. */
  socketDir: string
  dir: string
  /** What iPXE runs. */
  scriptUrl: string
  hostsDir: string
  optsDir: string
  /** dnsmasq's log, or one like it. */
  dhcpLog: string
  tftpRoot: string
}
