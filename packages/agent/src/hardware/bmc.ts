import { entries } from './sysfs.ts'
import { run } from './run.ts'

export type BmcAddresses = { bmc_address: string | null; bmc_v6address: string | null; bmc_mac?: string }

const lanChannels = Array.from({ length: 15 }, (_, i) => i + 1)
const unset = { v4: '0.0.0.0', v6: '::/0' }

/** Where the BMC listens, as it says itself through its in-band device; nulls without one. */
export async function bmcAddresses(): Promise<BmcAddresses> {
  const devices = await entries('/dev')
  if (!devices.some((name) => /^ipmi\d+$/.test(name))) return { bmc_address: null, bmc_v6address: null }
  for (const channel of lanChannels) {
    const result = await run('ipmitool', ['lan', 'print', String(channel)], { timeoutMs: 10_000 }).catch(
      () => undefined,
    )
    if (result === undefined) return { bmc_address: null, bmc_v6address: null }
    const found = parseLan(result.stdout)
    if (found.address !== undefined && found.address !== unset.v4) {
      return { bmc_address: found.address, bmc_v6address: unset.v6, ...(found.mac && { bmc_mac: found.mac }) }
    }
  }
  return { bmc_address: unset.v4, bmc_v6address: unset.v6 }
}

export function parseLan(output: string): { address?: string; mac?: string } {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(\\S+)`, 'm').exec(output)?.[1]
  const [address, mac] = [field('IP Address'), field('MAC Address')]
  return { ...(address && { address }), ...(mac && { mac }) }
}
