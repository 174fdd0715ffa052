import { z } from 'zod'
import type { PortgroupRecord } from '@ferrite/shared/contracts/portgroups'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import { whileLocked } from './change-node.ts'
import { attachedVif } from './port-rules.ts'
import type { PortsContext } from './ports.ts'

/** `id` names a tenant's virtual interface; the rest only says which port or group it should be on. */
export const vifRequest = z.looseObject({
  id: z.string().min(1).max(255),
  port_uuid: z.guid().optional(),
  portgroup_uuid: z.guid().optional(),
})
type VifRequest = z.infer<typeof vifRequest>
/** What a virtual interface can be on. */
type Place = { kind: 'port'; row: PortRecord } | { kind: 'portgroup'; row: PortgroupRecord }

/** Network interface `noop` knows no virtual interfaces: it takes and forgets them. */
const forgets = (node: NodeRecord): boolean => node.network_interface === 'noop'

export async function listVifs(context: PortsContext, node: NodeRecord): Promise<{ id: string }[]> {
  if (forgets(node)) return []
  const { ports, groups } = await wiringOf(context, node)
  return [...groups, ...ports].flatMap((place) => attachedVif(place) ?? []).map((id) => ({ id }))
}

export async function attachVif(context: PortsContext, node: NodeRecord, request: VifRequest): Promise<void> {
  if (forgets(node)) return
  await whileLocked(context, node, 'attach vif', async () => {
    const { ports, groups } = await wiringOf(context, node)
    const holder = [...ports, ...groups].find((place) => attachedVif(place) === request.id)
    if (holder) {
      throw new Fault(
        'conflict',
        `Unable to attach VIF because VIF ${request.id} is already attached to Ironic ${'mode' in holder ? 'Portgroup' : 'Port'} ${holder.uuid}`,
      )
    }
    const [place] = free(ports, groups, request)
    if (!place) {
      throw new Fault(
        'invalid',
        `Unable to attach VIF ${request.id}, not enough free physical ports on node ${node.uuid}.`,
      )
    }
    await setVif(context, place, request.id)
  })
}

/**
 * Where the interface may go, the best first: groups before ports, ports that boot from the network before others.
 * A group is taken as a whole, and only when no port of it is taken on its own; one without ports carries nothing.
 */
function free(ports: PortRecord[], groups: PortgroupRecord[], wanted: VifRequest): Place[] {
  const portWanted = wanted.port_uuid?.toLowerCase()
  const groupWanted = wanted.portgroup_uuid?.toLowerCase()
  const taken = ports.filter((port) => attachedVif(port) !== undefined)
  const open = ports.filter((port) => !taken.includes(port) && (!portWanted || port.uuid === portWanted))
  const whole = groups.filter(
    (group) =>
      !portWanted &&
      (!groupWanted || group.uuid === groupWanted) &&
      attachedVif(group) === undefined &&
      !taken.some((port) => port.portgroup_uuid === group.uuid) &&
      open.some((port) => port.portgroup_uuid === group.uuid),
  )
  const single = open.filter((port) => !groupWanted && standsAlone(port, groups, taken))
  return [
    ...whole.map((row): Place => ({ kind: 'portgroup', row })),
    ...single
      .toSorted((a, b) => Number(b.pxe_enabled) - Number(a.pxe_enabled))
      .map((row): Place => ({ kind: 'port', row })),
  ]
}

function standsAlone(port: PortRecord, groups: PortgroupRecord[], taken: PortRecord[]): boolean {
  const group = groups.find(({ uuid }) => uuid === port.portgroup_uuid)
  if (!group) return true
  return attachedVif(group) === undefined && taken.some((other) => other.portgroup_uuid === group.uuid)
}

export async function detachVif(context: PortsContext, node: NodeRecord, id: string): Promise<void> {
  if (forgets(node)) return
  await whileLocked(context, node, 'detach vif', async () => {
    const { ports, groups } = await wiringOf(context, node)
    const port = ports.find((candidate) => attachedVif(candidate) === id)
    const group = groups.find((candidate) => attachedVif(candidate) === id)
    if (port) return setVif(context, { kind: 'port', row: port }, undefined)
    if (group) return setVif(context, { kind: 'portgroup', row: group }, undefined)
    throw new Fault('invalid', `Unable to detach VIF ${id} from node ${node.uuid} because it is not attached to it.`)
  })
}

async function wiringOf({ store }: PortsContext, node: NodeRecord) {
  const ports = await store.ports({ node_uuid: node.uuid })
  const groups = await store.resources.list('portgroups', { node_uuid: node.uuid })
  return { ports, groups }
}

async function setVif({ store }: PortsContext, { kind, row }: Place, id: string | undefined): Promise<void> {
  const { tenant_vif_port_id: _, ...rest } = row.internal_info
  const internal_info = id === undefined ? rest : { ...rest, tenant_vif_port_id: id }
  if (kind === 'port') await store.updatePort(row.uuid, { internal_info })
  else await store.resources.update('portgroups', row.uuid, { internal_info })
}
