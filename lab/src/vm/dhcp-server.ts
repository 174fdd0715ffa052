import { addressBytes, dhcp, readDhcp, writeDhcp } from './dhcp-packet.ts'
import type { DhcpRequest } from './dhcp-packet.ts'
import type { FrameService } from './ethernet-switch.ts'

/** What a client of network boot is: firmware of some architecture (RFC 4578), or iPXE already. */
export type BootClient = { mac: string; arch: number; isIpxe: boolean }
export type BootWord = { isIgnored: boolean; bootFile: string | undefined; options: ReadonlyMap<number, string> }

export type DhcpLease = { at: Date; mac: string; address: string; hostname: string | undefined }

export type DhcpOptions = {
  /** Address of server and router. */
  server: string
  serverMac: string
  /** Undefined: this client gets no answer. */
  addressOf(mac: string): string | undefined
  /** What a client of network boot is told. */
  boot?: ((client: BootClient) => BootWord) | undefined
  onLease?: (lease: DhcpLease) => void
  onAnswer?: (request: DhcpRequest, answer: { type: number; address: string } | 'ignored') => void
  /** False: it keeps silent, as one that is down. */
  isUp?: () => boolean
}

const seconds = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const answers: Readonly<Record<number, number>> = { [dhcp.discover]: dhcp.offer, [dhcp.request]: dhcp.ack }

/** A DHCP server as part of a network: every machine has its fixed address; iPXE, PXE and systems are told apart. */
export function dhcpServer(options: DhcpOptions): FrameService {
  return (frame) => {
    const request = readDhcp(frame)
    if (!request) return undefined
    const address = options.addressOf(request.mac)
    const type = answers[request.type]
    const other = request.options.get(54)
    const isForOther = other !== undefined && !other.equals(addressBytes(options.server))
    if (type === undefined || address === undefined || isForOther || options.isUp?.() === false) return []
    return answerTo(request, { type, address }, options)
  }
}

function answerTo(request: DhcpRequest, reply: { type: number; address: string }, options: DhcpOptions): Buffer[] {
  const { server, serverMac } = options
  const client = clientOf(request)
  const word = client && options.boot?.(client)
  if (word?.isIgnored) {
    options.onAnswer?.(request, 'ignored')
    return []
  }
  const wanted = request.options.get(50)
  const isElsewhere = reply.type === dhcp.ack && wanted && !wanted.equals(addressBytes(reply.address))
  const { type, address } = isElsewhere ? { type: dhcp.nak, address: '0.0.0.0' } : reply
  options.onAnswer?.(request, { type, address })
  if (type === dhcp.nak) return [writeDhcp(request, { type, address, server, serverMac, options: [] })]
  if (type === dhcp.ack) {
    options.onLease?.({ at: new Date(), mac: request.mac, address, hostname: request.options.get(12)?.toString() })
  }
  const base: (readonly [number, Uint8Array])[] = [
    [51, seconds(3600)],
    [1, addressBytes('255.255.255.0')],
    [3, addressBytes(server)],
    // To iPXE: no proxy DHCP server will come, do not wait for one.
    ...(client?.isIpxe ? [[175, Buffer.from([176, 1, 1])] as const] : []),
  ]
  const own = [...(word?.options ?? [])].filter(([code]) => code !== 67 && code !== 150)
  const said = own.map(([code, value]) => [code, Buffer.from(value, 'latin1')] as const)
  return [
    writeDhcp(request, {
      ...{ type, address, server, serverMac, bootFile: word?.bootFile, nextServer: server },
      options: [...base, ...said],
    }),
  ]
}

function clientOf({ mac, options }: DhcpRequest): BootClient | undefined {
  const arch = options.get(93)
  const isIpxe = options.get(77)?.toString('latin1').includes('iPXE') === true || options.has(175)
  return arch || isIpxe ? { mac, arch: arch && arch.length >= 2 ? arch.readUInt16BE() : 0, isIpxe } : undefined
}
