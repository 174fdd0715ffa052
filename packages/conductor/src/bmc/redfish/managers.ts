import type { Redfish, Resource } from './client.ts'
import { linkIn, linksIn, membersOf } from './links.ts'
import type { System } from './system.ts'

const most = 8

/** The controllers of a machine: those that it names, else all that the BMC has. */
export async function managersOf(bmc: Redfish, system: System, signal: AbortSignal): Promise<Resource[]> {
  const links = system.resource.body['Links'] as { ManagedBy?: unknown; Managers?: unknown } | undefined
  // "Managers" is what some call it against the standard.
  const named = [links?.ManagedBy, links?.Managers].map(linksIn).find((paths) => paths.length > 0)
  const paths = named ?? (await allManagers(bmc, signal))
  const found: Resource[] = []
  for (const path of paths.slice(0, most)) found.push(await bmc.get(path, signal))
  return found
}

async function allManagers(bmc: Redfish, signal: AbortSignal): Promise<string[]> {
  const all = linkIn((await bmc.get('/redfish/v1/', signal)).body, 'Managers')
  return all ? membersOf(bmc, all, signal) : []
}
