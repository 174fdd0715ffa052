import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { isBag, type Bag, type Inspection } from '../inspection.ts'
import type { Hook } from './hook.ts'

/** Makes the node's ports what the inspection saw, as far as the configuration wants that. */
export const ports: Hook = {
  async run(inspection) {
    if (inspection.settings.addPorts !== 'disabled') await addPorts(inspection)
    await updatePorts(inspection)
  },
}

const interfacesUnder = ({ plugin }: Inspection, name: 'valid_interfaces' | 'all_interfaces'): Bag[] => {
  const found = plugin[name]
  return isBag(found) ? Object.values(found).filter(isBag) : []
}

async function addPorts(inspection: Inspection): Promise<void> {
  const { task, findings } = inspection
  for (const one of interfacesUnder(inspection, 'valid_interfaces')) {
    const address = String(one['mac_address'])
    const client = one['client_id']
    const made = await task.effect('create a port', () =>
      findings.createPort({
        address,
        node_uuid: task.node.uuid,
        pxe_enabled: one['pxe_enabled'] === true,
        extra: typeof client === 'string' ? { 'client-id': client } : {},
      }),
    )
    task.log.info({ address, made }, made ? 'port created' : 'the port exists already')
  }
}

async function updatePorts(inspection: Inspection): Promise<void> {
  const { task, findings, settings, plugin } = inspection
  const all = new Map(interfacesUnder(inspection, 'all_interfaces').map((one) => [one['mac_address'], one]))
  const expected = settings.keepPorts === 'added' ? new Set(plugin['macs'] as unknown[]) : new Set<unknown>(all.keys())
  for (const port of await findings.ports(task.node.uuid)) {
    if (settings.keepPorts !== 'all' && !expected.has(port.address)) {
      task.log.info({ address: port.address }, 'port deleted: the machine has no such interface')
      await task.effect('delete a port', () => findings.deletePort(port.uuid))
      continue
    }
    const set = changesTo(port, all.get(port.address), settings.updatePxeEnabled)
    if (Object.keys(set).length > 0) await task.effect('change a port', () => findings.updatePort(port.uuid, set))
  }
}

function changesTo(port: PortRecord, seen: Bag | undefined, updatePxe: boolean): Partial<PortRecord> {
  const pxe_enabled = seen?.['pxe_enabled'] === true
  const client = seen?.['client_id']
  return {
    ...(updatePxe && pxe_enabled !== port.pxe_enabled ? { pxe_enabled } : {}),
    ...(typeof client === 'string' && client !== port.extra['client-id']
      ? { extra: { ...port.extra, 'client-id': client } }
      : {}),
  }
}
