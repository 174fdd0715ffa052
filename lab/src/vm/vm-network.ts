import type { Switch } from '../switch.ts'
import type { BootAnswer, BootClient, DhcpLease } from './dhcp-server.ts'

/** The networks every lab has; others can be named and are islands. */
export const subnets: Readonly<Record<string, { prefix: string; isClosed: boolean }>> = {
  provisioning: { prefix: '10.66.0', isClosed: false },
  tenant: { prefix: '10.77.0', isClosed: true },
}

export const gatewayOf = (network: string): string | undefined => {
  const subnet = subnets[network]
  return subnet && `${subnet.prefix}.2`
}

/** The networks of virtual machines, whatever they are made of. */
export type VmNetwork = AsyncDisposable & {
  readonly kind: 'switch' | 'netns'
  /** Who says which network a port is on, with the HTTP door that conductors use. */
  readonly switch: Switch
  /** Words before QEMU's command. */
  readonly enter: readonly string[]
  /** What machines on the provisioning network call this computer's loopback. */
  readonly hostAddress: string
  /** Addresses that were given, oldest first. */
  readonly leases: readonly DhcpLease[]
  /** Gives a network card its port; the answer is QEMU's -netdev for the id. */
  plug(id: string, name: string, mac: string): Promise<string>
  unplug(name: string, mac: string): Promise<void>
  addressOf(mac: string, network: string): string | undefined
  /** A port of this computer's loopback that leads to a machine; the same one for the same question. */
  forward(mac: string, network: string, port: number): Promise<number>
  /** Machines reach `host:port` of this computer from now on, by `hostAddress` and the same port. */
  expose(port: number): Promise<void>
}

export type NetworkOptions = {
  /** For sockets, whose paths must be short. */
  socketDir: string
  dir: string
  /** What a machine on the provisioning network boots; asked at every request. */
  boot: (client: BootClient) => BootAnswer | undefined
  tftpRoot?: string | undefined
  /** False: nobody answers DHCP on the provisioning network. */
  isDhcpUp: () => boolean
}
