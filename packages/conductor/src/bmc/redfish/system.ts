import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Redfish, Resource } from './client.ts'
import { linkIn, membersOf } from './links.ts'

// Only what we use; BMCs leave out and null whatever they like.
const text = z.string().nullish()
const computerSystem = z.looseObject({
  PowerState: text,
  Boot: z
    .looseObject({
      BootSourceOverrideEnabled: text,
      BootSourceOverrideTarget: text,
      BootSourceOverrideMode: text,
      'BootSourceOverrideTarget@Redfish.AllowableValues': z.array(z.string()).nullish(),
    })
    .nullish(),
  Actions: z
    .looseObject({
      '#ComputerSystem.Reset': z
        .looseObject({ target: z.string(), 'ResetType@Redfish.AllowableValues': z.array(z.string()).nullish() })
        .optional(),
    })
    .nullish(),
})

export type System = { resource: Resource; body: z.infer<typeof computerSystem> }

/** Reads the machine's ComputerSystem: the one that is named, or the only one. */
export async function systemOf(bmc: Redfish, systemId: string | undefined, signal: AbortSignal): Promise<System> {
  const resource = await bmc.get(await systemPath(bmc, systemId, signal), signal).catch((error: unknown) => {
    found.delete(bmc)
    throw error
  })
  const parsed = computerSystem.safeParse(resource.body)
  if (parsed.success) return { resource, body: parsed.data }
  const at = parsed.error.issues[0]?.path.join('.')
  throw new Fault('bmc_lied', `the BMC ${bmc.origin} describes its system in a way that is not Redfish (${at})`)
}

// Systems rarely move while a BMC runs; after any failure the next reading finds it anew.
const found = new WeakMap<Redfish, string>()

async function systemPath(bmc: Redfish, systemId: string | undefined, signal: AbortSignal): Promise<string> {
  if (systemId?.startsWith('/')) return systemId
  const known = systemId === undefined ? found.get(bmc) : undefined
  if (known) return known
  const root = await bmc.get('/redfish/v1/', signal)
  const systems = linkIn(root.body, 'Systems')
  if (!systems) throw new Fault('bmc_lied', `the BMC ${bmc.origin} has no collection of systems`)
  const members = await membersOf(bmc, systems, signal)
  const named = systemId === undefined ? members : members.filter((path) => path.split('/').at(-1) === systemId)
  const [only, ...more] = named
  if (only === undefined) {
    throw new Fault('invalid', `the BMC ${bmc.origin} has no system ${systemId ?? 'at all'}; it has ${shown(members)}`)
  }
  if (more.length > 0) {
    throw new Fault(
      'invalid',
      `the BMC ${bmc.origin} has several systems: name one of ${shown(members)} in driver_info/redfish_system_id`,
    )
  }
  if (systemId === undefined) found.set(bmc, only)
  return only
}

const shown = (paths: string[]): string => paths.slice(0, 5).join(', ') + (paths.length > 5 ? ', …' : '')
