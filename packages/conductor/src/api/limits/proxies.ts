import { BlockList, isIP } from 'node:net'
import { Fault } from '@ferrite/shared/fault'

type Headers = Readonly<Record<string, string | string[] | undefined>>
export type Proxies = {
  /** The caller's address: the connection's, or what a trusted proxy says of it. */
  source(address: string, headers: Headers): string
  trusts(address: string): boolean
}

/** Fault invalid for what is no network, and for all addresses at once: a list that trusts everybody is none. */
export function trustedProxies(cidrs: readonly string[]): Proxies {
  const list = new BlockList()
  for (const cidr of cidrs) addNetwork(list, cidr)
  const trusts = (address: string): boolean => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
  return {
    trusts,
    source: (address, headers) => {
      if (cidrs.length === 0 || !trusts(address)) return address
      const chain = String(headers['x-forwarded-for'] ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter((part) => isIP(part) !== 0)
      // Each proxy appends whom it heard from; what stands before the last stranger was written by that stranger.
      return chain.findLast((hop) => !trusts(hop)) ?? chain[0] ?? address
    },
  }
}

function addNetwork(list: BlockList, cidr: string): void {
  const [address = '', bits] = cidr.split('/')
  const family = isIP(address)
  const longest = family === 6 ? 128 : 32
  const prefix = bits === undefined ? longest : Number(bits)
  if (family === 0 || !Number.isInteger(prefix) || prefix < 1 || prefix > longest) {
    throw new Fault(
      'invalid',
      `setting trusted_proxies has ${cidr}: name each proxy or its network, such as 10.0.0.5 or 10.0.0.0/24; all addresses at once cannot be trusted`,
    )
  }
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4')
}
