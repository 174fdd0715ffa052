import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../../core/clock.ts'
import { openRedfish } from './client.ts'
import type { Redfish } from './client.ts'
import type { SessionVault } from './session.ts'
import { redfishInfo } from './driver-info.ts'
import type { RedfishInfo } from './driver-info.ts'

/** The BMCs that this process talks to: one connection, session and budget for each, however many nodes and tasks ask. */
export interface Bmcs extends AsyncDisposable {
  /** Fault invalid for a `driver_info` that cannot be used. No request is made yet. */
  of(driverInfo: Readonly<Record<string, unknown>>): Promise<{ bmc: Redfish; info: RedfishInfo }>
}

export function openBmcs(parts: { clock: Clock; log: Logger; vault?: SessionVault | undefined }): Bmcs {
  const open = new Map<string, { key: string; bmc: Promise<Redfish> }>()
  return {
    async of(driverInfo) {
      const info = redfishInfo(driverInfo)
      const at = `${info.origin} ${info.username ?? ''}`
      const key = keyOf(info)
      const known = open.get(at)
      if (known?.key === key) return { bmc: await known.bmc, info }
      // Another password or CA: what was opened with the old one is of no use.
      if (known) void known.bmc.then((bmc) => bmc[Symbol.asyncDispose]()).catch(() => undefined)
      const bmc = openRedfish(info, parts)
      open.set(at, { key, bmc })
      bmc.catch(() => open.delete(at))
      return { bmc: await bmc, info }
    },
    async [Symbol.asyncDispose]() {
      const all = [...open.values()]
      open.clear()
      await Promise.allSettled(all.map(async ({ bmc }) => (await bmc)[Symbol.asyncDispose]()))
    },
  }
}

// A digest, so that no table in memory is keyed by a password.
const keyOf = (info: RedfishInfo): string =>
  createHash('sha256')
    .update(JSON.stringify([info.authType, info.verify, info.password?.reveal() ?? null]))
    .digest('hex')
