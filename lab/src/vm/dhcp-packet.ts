/** The parts of a DHCP request (RFC 2131) that an answer depends on. */
export type DhcpRequest = {
  type: number
  xid: number
  flags: number
  mac: string
  clientAddress: string
  options: ReadonlyMap<number, Buffer>
}

export type DhcpReply = {
  type: number
  /** The address given. */
  address: string
  server: string
  serverMac: string
  /** Where the boot file is, by name or URL. */
  bootFile?: string | undefined
  nextServer?: string | undefined
  options: readonly (readonly [code: number, value: Uint8Array])[]
}

export const dhcp = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, release: 7, inform: 8 }
const cookie = 0x63825363
const [ethernet, ip, udp] = [14, 20, 8]

/** Reads an Ethernet frame; undefined where it is no DHCP request over IPv4. */
export function readDhcp(frame: Buffer): DhcpRequest | undefined {
  if (frame.length < ethernet + ip + udp + 240 || frame.readUInt16BE(12) !== 0x0800) return undefined
  const start = ethernet + ((frame[ethernet] ?? 0) & 15) * 4
  if (frame[ethernet + 9] !== 17 || frame.readUInt16BE(start + 2) !== 67) return undefined
  const body = frame.subarray(start + udp)
  if (body.length < 240 || body[0] !== 1 || body.readUInt32BE(236) !== cookie) return undefined
  const options = optionsIn(body.subarray(240))
  return {
    type: options.get(53)?.[0] ?? 0,
    xid: body.readUInt32BE(4),
    flags: body.readUInt16BE(10),
    mac: macText(body.subarray(28, 34)),
    clientAddress: [...body.subarray(12, 16)].join('.'),
    options,
  }
}

function optionsIn(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>()
  for (let at = 0; at + 1 < bytes.length;) {
    const code = bytes[at] ?? 255
    if (code === 255) break
    if (code === 0) {
      at += 1
      continue
    }
    const length = bytes[at + 1] ?? 0
    options.set(code, bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return options
}

/** The frame that answers a request, broadcast: the one who asks may not have an address yet. */
export function writeDhcp(request: DhcpRequest, reply: DhcpReply): Buffer {
  const body = Buffer.alloc(240)
  body.set([2, 1, 6, 0])
  body.writeUInt32BE(request.xid, 4)
  body.writeUInt16BE(request.flags, 10)
  body.set(addressBytes(reply.address), 16)
  body.set(addressBytes(reply.nextServer ?? '0.0.0.0'), 20)
  body.set(macBytes(request.mac), 28)
  const isShort = (reply.bootFile?.length ?? 0) < 128
  if (reply.bootFile && isShort) body.write(reply.bootFile, 108, 'latin1')
  body.writeUInt32BE(cookie, 236)
  const options: (readonly [number, Uint8Array])[] = [
    [53, Buffer.from([reply.type])],
    [54, addressBytes(reply.server)],
    ...reply.options,
    ...(reply.bootFile ? [[67, Buffer.from(reply.bootFile, 'latin1')] as const] : []),
  ]
  const encoded = options.map(([code, value]) => Buffer.concat([Buffer.from([code, value.length]), value]))
  const payload = Buffer.concat([body, ...encoded, Buffer.from([255])])
  return broadcastUdp(Buffer.concat([payload, Buffer.alloc(Math.max(0, 300 - payload.length))]), reply)
}

function broadcastUdp(payload: Buffer, { server, serverMac }: DhcpReply): Buffer {
  const frame = Buffer.alloc(ethernet + ip + udp)
  frame.fill(0xff, 0, 6)
  frame.set(macBytes(serverMac), 6)
  frame.writeUInt16BE(0x0800, 12)
  frame.set([0x45, 0], ethernet)
  frame.writeUInt16BE(ip + udp + payload.length, ethernet + 2)
  frame.set([64, 17], ethernet + 8)
  frame.set(addressBytes(server), ethernet + 12)
  frame.fill(0xff, ethernet + 16, ethernet + 20)
  frame.writeUInt16BE(checksum(frame.subarray(ethernet, ethernet + ip)), ethernet + 10)
  frame.writeUInt16BE(67, ethernet + ip)
  frame.writeUInt16BE(68, ethernet + ip + 2)
  // No checksum of UDP's own: over IPv4 it may be left out.
  frame.writeUInt16BE(udp + payload.length, ethernet + ip + 4)
  return Buffer.concat([frame, payload])
}

function checksum(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

export const addressBytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number))
const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex')
const macText = (bytes: Buffer): string => bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1:')
