import type { InspectionData } from '@ferrite/shared/contracts/inspection'
import { mac } from '@ferrite/shared/contracts/ports'
import { explain, Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Callback } from '../core/services.ts'
import { lookup, type LookupParts } from './lookup.ts'

type Sent = Parameters<Callback['inspected']>[0]
type Answer = Awaited<ReturnType<Callback['inspected']>>

// The same for a machine that nobody knows and for one whose inspection nobody waits for.
const notFound = (): Fault => new Fault('not_found', 'Resource could not be found.')

/** A ramdisk sends what it found: kept with the node, whose inspection then goes on. */
export async function continueInspection(parts: LookupParts, sent: Sent): Promise<Answer> {
  const node = await find(parts, sent)
  if (!node || !isAwaited(node)) throw notFound()
  if (node.reservation !== null) throw locked(node)
  const { inventory, logs, ...plugin_data } = sent.data
  const answer = sent.wantsNode ? await lookup(parts, { ...sent, addresses: [], node_uuid: node.uuid }) : undefined
  await keepLogs(parts, node, logs)
  await parts.store.details.setInventory(node.uuid, { inventory, plugin_data })
  await goOn(parts, node.uuid)
  return answer ?? { node }
}

const isAwaited = ({ provision_state, internal: { flow } }: NodeRecord): boolean =>
  provision_state === 'inspect wait' && flow?.waiting_for === 'inspection' && !flow.inspected

const locked = ({ uuid, reservation }: NodeRecord): Fault =>
  new Fault(
    'node_locked',
    `Node ${uuid} is locked by host ${reservation}, please retry after the current operation is completed.`,
  )

/** By its uuid, else by its interfaces, else by its BMC; never by a guess. */
async function find({ store }: LookupParts, { data, node_uuid }: Sent): Promise<NodeRecord | undefined> {
  if (node_uuid !== undefined) {
    const node = await store.node(node_uuid)
    return node?.uuid === node_uuid ? node : undefined
  }
  const waiting = await store.nodes({ in_states: ['inspect wait'] })
  const address = data.inventory.interfaces.flatMap((one) => mac.safeParse(one.mac_address).data ?? [])
  const ports = address.length === 0 ? [] : await store.ports({ address })
  const known = new Set(ports.map((port) => port.node_uuid))
  const byPort = waiting.filter((node) => known.has(node.uuid))
  // Addresses of a node that waits for nothing are not a reason to look for another.
  if (known.size > 0) return byPort.length === 1 ? byPort[0] : undefined
  const byBmc = waiting.filter((node) => isBmcOf(node, data.inventory))
  return byBmc.length === 1 ? byBmc[0] : undefined
}

const bmcKeys = ['redfish_address', 'ipmi_address', 'drac_address']

function isBmcOf({ driver_info }: NodeRecord, inventory: InspectionData['inventory']): boolean {
  const seen = [inventory.bmc_address, inventory.bmc_v6address].filter(
    (one) => one && one !== '0.0.0.0' && !one.startsWith('::/'),
  )
  const own = bmcKeys.flatMap((key) => {
    const given = driver_info[key]
    if (typeof given !== 'string') return []
    return [URL.parse(given)?.hostname.replaceAll(/^\[|\]$/g, '') || given]
  })
  return own.some((one) => seen.includes(one))
}

/** An archive of logs is a file, not a part of the data. */
async function keepLogs(parts: LookupParts, { uuid }: NodeRecord, logs: unknown): Promise<void> {
  if (typeof logs !== 'string' || logs === '') return
  try {
    const file = await parts.keepLogs(uuid, Buffer.from(logs, 'base64'))
    parts.log.info({ node: uuid, file }, 'logs of the inspection kept')
  } catch (error) {
    parts.log.warn({ node: uuid, reason: explain(error) }, 'logs of the inspection not kept')
  }
}

async function goOn(parts: LookupParts, uuid: string): Promise<void> {
  const { store } = parts
  const node = await store.node(uuid)
  const flow = node?.internal.flow
  if (!node || !flow || !isAwaited(node)) throw notFound()
  await store.commit({
    node_uuid: uuid,
    guard: { unlocked: true },
    revision: node.revision,
    set: { internal: { ...node.internal, flow: { ...flow, inspected: true } } },
    open: { kind: 'resume', args: {}, purpose: 'inspection data' },
  })
  parts.wake()
}
