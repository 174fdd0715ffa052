import { subnets } from './vm-network.ts'

/** Every card has the same last number on every network, for as long as the lab runs. */
export function addressBook() {
  const numbers = new Map<string, number>()
  return {
    add(mac: string): void {
      const key = mac.toLowerCase()
      if (!numbers.has(key)) numbers.set(key, 11 + numbers.size)
    },
    of(mac: string, network: string): string | undefined {
      const number = numbers.get(mac.toLowerCase())
      const subnet = subnets[network]
      return number === undefined || !subnet ? undefined : `${subnet.prefix}.${number}`
    },
  }
}
