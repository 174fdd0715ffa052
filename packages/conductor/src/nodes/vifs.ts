import { z } from 'zod'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import { whileLocked } from './change-node.ts'
import { attachedVif } from './port-rules.ts'
import type { PortsContext } from './ports.ts'

/** `id` names a tenant's virtual interface; the rest only says which port it should be on. */
export const vifRequest = z.looseObject({ id: z.string().min(1).max(255), port_uuid: z.guid().nullish() })
type VifRequest = z.infer<typeof vifRequest>

/** Network interface `noop` knows no virtual interfaces: it takes and forgets them. */
const forgets = (node: NodeRecord): boolean => node.network_interface === 'noop'

export async function listVifs({ store }: PortsContext, node: NodeRecord): Promise<{ id: string }[]> {
  if (forgets(node)) return []
  const ports = await store.ports({ node_uuid: node.uuid })
  return ports.flatMap((port) => attachedVif(port) ?? []).map((id) => ({ id }))
}

export async function attachVif(context: PortsContext, node: NodeRecord, request: VifRequest): Promise<void> {
  if (forgets(node)) return
  await whileLocked(context, node, 'attach vif', async () => {
    const ports = await context.store.ports({ node_uuid: node.uuid })
    if (ports.some((port) => attachedVif(port) === request.id)) {
      throw new Fault(
        'conflict',
        `Unable to attach VIF because VIF ${request.id} is already attached to node ${node.uuid}.`,
      )
    }
    const port = freePort(ports, request)
    if (!port) {
      throw new Fault(
        'invalid',
        `Unable to attach VIF ${request.id}, not enough free physical ports on node ${node.uuid}.`,
      )
    }
    await setVif(context, port, request.id)
  })
}

/** The wanted port, else the first one without a virtual interface, those that boot from the network first. */
function freePort(ports: PortRecord[], { port_uuid }: VifRequest): PortRecord | undefined {
  const free = ports.filter((port) => attachedVif(port) === undefined)
  if (port_uuid) return free.find((port) => port.uuid === port_uuid.toLowerCase())
  return free.find((port) => port.pxe_enabled) ?? free[0]
}

export async function detachVif(context: PortsContext, node: NodeRecord, id: string): Promise<void> {
  if (forgets(node)) return
  await whileLocked(context, node, 'detach vif', async () => {
    const ports = await context.store.ports({ node_uuid: node.uuid })
    const port = ports.find((candidate) => attachedVif(candidate) === id)
    if (!port)
      throw new Fault('invalid', `Unable to detach VIF ${id} from node ${node.uuid} because it is not attached to it.`)
    await setVif(context, port, undefined)
  })
}

async function setVif({ store }: PortsContext, port: PortRecord, id: string | undefined): Promise<void> {
  const { tenant_vif_port_id: _, ...rest } = port.internal_info
  await store.updatePort(port.uuid, { internal_info: id === undefined ? rest : { ...rest, tenant_vif_port_id: id } })
}
