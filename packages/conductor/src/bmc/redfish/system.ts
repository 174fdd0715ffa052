import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Redfish, Resource } from './client.ts'
import { linkIn, membersOf } from './links.ts'

// Only what we use; BMCs leave out and null whatever they like.
const text = z.string().nullish()
/** Undefined when nothing is listed: then all that the standard knows may be tried. */
const words = z
  .array(z.unknown())
  .nullish()
  .transform((list) => {
    const found = list?.filter((one) => typeof one === 'string')
    return found && found.length > 0 ? found : undefined
  })
const computerSystem = z.looseObject({
  Manufacturer: text,
  Model: text,
  PowerState: text,
  Boot: z
    .looseObject({
      BootSourceOverrideEnabled: text,
      BootSourceOverrideTarget: text,
      BootSourceOverrideMode: text,
      'BootSourceOverrideTarget@Redfish.AllowableValues': words,
      'BootSourceOverrideEnabled@Redfish.AllowableValues': words,
    })
    .nullish(),
  Actions: z
    .looseObject({
      '#ComputerSystem.Reset': z
        .looseObject({
          target: z.string(),
          'ResetType@Redfish.AllowableValues': words,
          '@Redfish.ActionInfo': text,
        })
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
  const named =
    systemId === undefined ? members : members.filter((path) => path.split('/').findLast(Boolean) === systemId)
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

/** What the machine can be told to do with its power; undefined when the BMC does not say. */
export async function resetTypesOf(bmc: Redfish, { body }: System, signal: AbortSignal): Promise<string[] | undefined> {
  const reset = body.Actions?.['#ComputerSystem.Reset']
  const listed = reset?.['ResetType@Redfish.AllowableValues']
  const elsewhere = reset?.['@Redfish.ActionInfo']
  if (listed || !elsewhere) return listed
  const parsed = actionInfo.safeParse((await bmc.get(elsewhere, signal)).body)
  return parsed.data?.Parameters.find(({ Name }) => Name === 'ResetType')?.AllowableValues
}

const actionInfo = z.looseObject({ Parameters: z.array(z.looseObject({ Name: z.string(), AllowableValues: words })) })

const shown = (paths: string[]): string => paths.slice(0, 5).join(', ') + (paths.length > 5 ? ', …' : '')
