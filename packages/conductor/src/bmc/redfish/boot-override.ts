import { isFault } from '@ferrite/shared/fault'
import type { Redfish, Resource } from './client.ts'
import { linkIn } from './links.ts'
import { quirksOf } from './quirks.ts'
import type { System } from './system.ts'

export type Override = { target: string; enabled: 'Once' | 'Continuous'; mode: 'UEFI' | 'Legacy' | undefined }

/** A resource that shows, and takes, what the machine boots from next. */
type Place = {
  resource: Resource
  target: string | undefined
  enabled: string | undefined
  mode: string | undefined
  has(property: string): boolean
}

/** The system itself, and the settings that it applies at its next reset where a BMC keeps the boot there. */
export type Boot = { system: System; allowed: readonly string[] | undefined; places: readonly Place[] }

export async function bootOf(bmc: Redfish, system: System, signal: AbortSignal): Promise<Boot> {
  const places = [placeIn(system.resource)]
  const settings = linkIn(system.resource.body, '@Redfish.Settings', 'SettingsObject')
  if (settings) {
    try {
      const place = placeIn(await bmc.get(settings, signal))
      if (place.has('BootSourceOverrideTarget') || place.has('BootSourceOverrideMode')) places.push(place)
    } catch (error) {
      // Settings of something else, or a link to nothing: the system is what counts.
      if (!isFault(error, 'bmc_refused')) throw error
    }
  }
  return { system, allowed: system.body.Boot?.['BootSourceOverrideTarget@Redfish.AllowableValues'], places }
}

function placeIn(resource: Resource): Place {
  const given = resource.body['Boot']
  const boot = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  const text = (name: string) => (typeof boot[name] === 'string' ? boot[name] : undefined)
  return {
    resource,
    target: text('BootSourceOverrideTarget'),
    enabled: text('BootSourceOverrideEnabled'),
    mode: text('BootSourceOverrideMode'),
    has: (property) => Object.hasOwn(boot, property) && boot[property] !== null,
  }
}

type Change = { resource: Resource; body: { Boot: Record<string, string> } }

const now = ({ places }: Boot, name: 'mode' | 'enabled'): string | undefined =>
  places.map((place) => place[name]).findLast((one) => one !== undefined)

/** The boot mode as the BMC shows it, for the next boot where it keeps that apart. */
export const modeShown = (boot: Boot): string | undefined => now(boot, 'mode')

/**
 * The ways to say it, the likeliest first. A boot mode that is so already is not said again unless all else is refused:
 * for some BMCs it is a change of the firmware all the same. Some refuse any property that is already so, others a
 * device without all the rest, and both say only that the request is bad.
 */
export function changesFor(boot: Boot, { target, enabled, mode }: Override): Change[][] {
  const modeNow = modeShown(boot)
  const needed = quirksOf(boot.system).modeWithDevice ? (mode ?? modeNow ?? 'UEFI') : undefined
  const sent = needed ?? (modeNow === undefined ? undefined : mode)
  const device = { BootSourceOverrideTarget: target }
  const time = { BootSourceOverrideEnabled: enabled }
  const withMode = sent === undefined ? {} : { BootSourceOverrideMode: sent }
  const [full, alone] = [
    { ...time, ...device, ...withMode },
    { ...time, ...device },
  ]
  const isSo = sent !== undefined && sent === modeNow
  const ways: Record<string, string>[] = !isSo ? [full] : needed === undefined ? [alone, full] : [full, alone]
  if (enabled === now(boot, 'enabled')) ways.push({ ...device, ...withMode }, { ...device })
  return ways.map((way) => split(boot, way))
}

/** Each property where the BMC keeps it. */
function split({ places }: Boot, way: Record<string, string>): Change[] {
  const [system, settings] = places
  if (!system) return []
  const isIn = (place: Place | undefined) => (name: string) => place?.has(name) === true
  const inSettings = Object.keys(way).filter(isIn(settings))
  const pick = (names: string[]) => Object.fromEntries(names.map((name) => [name, way[name] ?? '']))
  const rest = Object.keys(way).filter((name) => !inSettings.includes(name))
  return [
    ...(settings && inSettings.length > 0 ? [{ resource: settings.resource, body: { Boot: pick(inSettings) } }] : []),
    ...(rest.length > 0 ? [{ resource: system.resource, body: { Boot: pick(rest) } }] : []),
  ]
}
