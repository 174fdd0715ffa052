import PQueue from 'p-queue'
import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import { states } from '@ferrite/shared/provision'
import { timestamp, type Clock } from '../core/clock.ts'
import { isTrouble, withSign, type Seen } from '../core/boot-trace.ts'
import type { NodeRecord } from '../core/node.ts'
import { changeNode } from '../provision/change-node.ts'
import type { NewEvent, Store } from '../store/store.ts'

/** Keeps what is seen of boots. Nothing here throws or is waited for: a boot does not fail for want of its trace. */
export interface BootTracer extends AsyncDisposable {
  sawMac(mac: string, seen: Seen): void
  sawNode(uuid: string, seen: Seen): void
  /** Bytes on their way: kept in memory, for whoever judges whether a boot goes on. */
  moving(uuid: string, seen: Seen): void
  /** The newest movement of a node. */
  movement(uuid: string): (Seen & { at: Date }) | undefined
  /** Everything seen so far has been stored. */
  settled(): Promise<void>
}

type Parts = { store: Store; clock: Clock; log: Logger }

/** The same sign again is written at most this often. */
const repeatMs = 10_000
const mostWaiting = 5_000

export function createTracer(parts: Parts): BootTracer {
  const queue = new PQueue({ concurrency: 1 })
  const movements = new Map<string, Seen & { at: Date }>()
  const keep = (find: () => Promise<string | undefined>, seen: Seen) => {
    // A flood on the boot network must not fill the memory.
    if (queue.size >= mostWaiting) return
    void queue.add(async () => {
      try {
        const uuid = await find()
        if (uuid !== undefined) await store(parts, uuid, seen)
      } catch (error) {
        parts.log.warn({ what: seen.what, reason: explain(error) }, 'a sign of a boot was not kept')
      }
    })
  }
  const heard = parts.store.onEvents((events) => {
    for (const event of events) {
      const isFirst = event.type === 'agent' && event.what === 'first_heartbeat'
      if (isFirst) keep(async () => event.node_uuid, { what: 'agent_ready', detail: event.agent_version })
    }
  })
  return {
    sawMac: (mac, seen) => keep(async () => (await parts.store.ports({ address: [mac] }))[0]?.node_uuid, seen),
    sawNode: (uuid, seen) => keep(async () => uuid, seen),
    moving: (uuid, seen) => movements.set(uuid, { ...seen, at: parts.clock.now() }),
    movement: (uuid) => movements.get(uuid),
    settled: () => queue.onIdle(),
    async [Symbol.asyncDispose]() {
      heard()
      await queue.onIdle()
    },
  }
}

async function store({ store: nodes, clock }: Parts, uuid: string, given: Seen): Promise<void> {
  const at = timestamp(clock.now())
  const known = await nodes.node(uuid)
  if (!known || !isNews(known, inPlace(known, given), clock)) return
  await changeNode(nodes, uuid, (node) => {
    const seen = inPlace(node, given)
    if (!isNews(node, seen, clock)) return undefined
    const before = node.internal.boots?.at(-1)?.signs.some((one) => one.what === seen.what)
    const boots = withSign(node.internal.boots, seen, at)
    return {
      guard: { any: true },
      set: { internal: { ...node.internal, boots } },
      events: before ? [] : [eventFor(node, seen)],
    }
  })
}

/** Who asks for an address after the ramdisk was sent is the ramdisk. */
function inPlace({ internal }: NodeRecord, seen: Seen): Seen {
  const signs = internal.boots?.at(-1)?.signs ?? []
  const isRamdisk = seen.what === 'dhcp_request' && signs.some(({ what }) => what === 'ramdisk_sent')
  return isRamdisk && !/UEFI|BIOS/.test(seen.detail ?? '') ? { ...seen, what: 'ramdisk_dhcp' } : seen
}

/** Only of a boot that is under way: what the deployed system asks of DHCP later is not part of it. */
function isNews({ internal, provision_state }: NodeRecord, { what, bytes }: Seen, clock: Clock): boolean {
  if (!['busy', 'waiting'].includes(states[provision_state].kind)) return false
  const boot = internal.boots?.at(-1)
  if (!boot || boot.epoch !== internal.agent?.epoch) return false
  const arrived = boot.signs.some((one) => one.what === 'agent_ready')
  if (arrived) return false
  const same = boot.signs.find((one) => one.what === what)
  if (!same || (bytes ?? null) !== same.bytes) return true
  return clock.now().getTime() - Date.parse(same.last_at) >= repeatMs
}

function eventFor(node: NodeRecord, { what, detail = null, bytes = null, total = null }: Seen): NewEvent {
  const epoch = node.internal.agent?.epoch ?? 0
  return { type: 'boot', what, trouble: isTrouble(what), epoch, detail: detail?.slice(0, 300) ?? null, bytes, total }
}
