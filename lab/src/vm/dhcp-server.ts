import { addressBytes, dhcp, readDhcp, writeDhcp } from './dhcp-packet.ts'
import type { DhcpRequest } from './dhcp-packet.ts'
import type { FrameService } from './ethernet-switch.ts'

/** What a client is: decides what it is told to boot. `loader`: it is iPXE already. */
export type BootClient = { mac: string; arch: number; loader: boolean }
export type BootAnswer = { file: string; nextServer?: string | undefined }

export type DhcpLease = { at: Date; mac: string; address: string; hostname: string | undefined }

export type DhcpOptions = {
  /** Address of server and router. */
  server: string
  serverMac: string
  /** Undefined: this client gets no answer. */
  addressOf(mac: string): string | undefined
  boot?: ((client: BootClient) => BootAnswer | undefined) | undefined
  onLease?: (lease: DhcpLease) => void
  /** False: it keeps silent, as one that is down. */
  isUp?: () => boolean
}

const seconds = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A DHCP server as part of a network: every machine has its fixed address; iPXE, PXE and systems are told apart. */
export function dhcpServer(options: DhcpOptions): FrameService {
  return (frame) => {
    const request = readDhcp(frame)
    if (!request) return undefined
    const type = request.type === dhcp.discover ? dhcp.offer : request.type === dhcp.request ? dhcp.ack : undefined
    const address = options.addressOf(request.mac)
    const other = request.options.get(54)
    const isForOther = other !== undefined && !other.equals(addressBytes(options.server))
    if (type === undefined || address === undefined || isForOther || options.isUp?.() === false) return []
    const wanted = request.options.get(50)
    if (type === dhcp.ack && wanted && !wanted.equals(addressBytes(address))) return [refusal(request, options)]
    const client = clientOf(request)
    const boot = client && options.boot?.(client)
    if (type === dhcp.ack) {
      options.onLease?.({ at: new Date(), mac: request.mac, address, hostname: request.options.get(12)?.toString() })
    }
    const { server, serverMac } = options
    return [
      writeDhcp(request, {
        ...{ type, address, server, serverMac, bootFile: boot?.file, nextServer: boot?.nextServer ?? server },
        options: [
          [51, seconds(3600)],
          [1, addressBytes('255.255.255.0')],
          [3, addressBytes(server)],
          // To iPXE: no proxy DHCP server will come, do not wait for one.
          ...(client?.loader ? [[175, Buffer.from([176, 1, 1])] as const] : []),
          ...(client && boot && !client.loader ? [[60, Buffer.from('PXEClient')] as const] : []),
        ],
      }),
    ]
  }
}

const refusal = (request: DhcpRequest, { server, serverMac }: DhcpOptions): Buffer =>
  writeDhcp(request, { type: dhcp.nak, address: '0.0.0.0', server, serverMac, options: [] })

/** Network boot code says its architecture (RFC 4578); iPXE says that it is iPXE. */
function clientOf({ mac, options }: DhcpRequest): BootClient | undefined {
  const arch = options.get(93)
  const loader = options.get(77)?.toString('latin1').includes('iPXE') === true || options.has(175)
  return arch || loader ? { mac, arch: arch && arch.length >= 2 ? arch.readUInt16BE() : 0, loader } : undefined
}
