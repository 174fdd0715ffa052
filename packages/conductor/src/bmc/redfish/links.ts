import { Fault } from '@ferrite/shared/fault'
import type { Redfish, Resource } from './client.ts'

const mostMembers = 5_000
const mostPages = 50

/** The path that `{"@odata.id": …}` under this name leads to. */
export function linkIn(body: unknown, ...names: string[]): string | undefined {
  let at = body
  for (const name of names)
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined
  const path = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)['@odata.id'] : undefined
  return typeof path === 'string' ? path : undefined
}

export function linksIn(list: unknown): string[] {
  return Array.isArray(list) ? list.map((one) => linkIn(one)).filter((path) => path !== undefined) : []
}

/** Where a Location leads, on the BMC itself: many name themselves by a host name or a port that only they know. */
export function ownPath(location: string): string {
  const url = URL.parse(location)
  return url && /^https?:$/.test(url.protocol) ? url.pathname + url.search : location
}

/** Paths of all members of a collection, page by page. Fault bmc_lied when it has no end. */
export async function membersOf(bmc: Redfish, path: string, signal: AbortSignal): Promise<string[]> {
  const seen = new Set<string>()
  const members: string[] = []
  for (let at: string | undefined = path; at !== undefined;) {
    if (seen.has(at) || seen.size >= mostPages)
      throw new Fault('bmc_lied', `the collection ${path} of the BMC ${bmc.origin} has no end`)
    seen.add(at)
    const page: Resource = await bmc.get(at, signal)
    members.push(...linksIn(page.body['Members']))
    if (members.length > mostMembers) {
      throw new Fault(
        'bmc_lied',
        `the collection ${path} of the BMC ${bmc.origin} has more than ${mostMembers} members`,
      )
    }
    const next = page.body['Members@odata.nextLink']
    at = typeof next === 'string' ? next : undefined
  }
  return members
}
