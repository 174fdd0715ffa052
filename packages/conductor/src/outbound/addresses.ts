import { BlockList, isIP } from 'node:net'

/** `::ffff:10.0.0.1` → `10.0.0.1`; a zone (`%eth0`) is cut off. */
export function plainAddress(address: string): string {
  const bare = address.replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)
  if (mapped?.[1]) return mapped[1]
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare)
  if (!hex?.[1] || !hex[2]) return bare
  const [high, low] = [Number.parseInt(hex[1], 16), Number.parseInt(hex[2], 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** True when the address lies in one of these networks. */
export function within(address: string, cidrs: readonly string[]): boolean {
  const list = lists.get(cidrs) ?? listOf(cidrs)
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

// The same few lists of networks are asked for every heartbeat.
const lists = new WeakMap<readonly string[], BlockList>()

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [net = '', bits] = cidr.split('/')
    const family = isIP(net) === 6 ? 'ipv6' : 'ipv4'
    if (isIP(net)) list.addSubnet(net, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  lists.set(cidrs, list)
  return list
}
