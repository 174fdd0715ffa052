import type { NodeRecord } from '../core/node.ts'

type Source = Pick<NodeRecord, 'properties' | 'instance_info' | 'boot_mode'>

/** A capability of the instance, else of the node. Clients write them as an object, as JSON text or as `a:1,b:2`. */
export function capability(node: Source, name: string): string | undefined {
  return parse(node.instance_info['capabilities'])[name] ?? parse(node.properties['capabilities'])[name]
}

/** How the machine boots: what was asked for, else what it does now, else uefi. */
export function bootModeOf(node: Source): 'bios' | 'uefi' {
  const asked = capability(node, 'boot_mode') ?? node.boot_mode
  return asked === 'bios' ? 'bios' : 'uefi'
}

function parse(given: unknown): Record<string, string> {
  if (typeof given === 'object' && given !== null) return strings(given)
  if (typeof given !== 'string') return {}
  if (given.trimStart().startsWith('{')) {
    try {
      return strings(JSON.parse(given) as object)
    } catch {
      return {} // not JSON after all: no capability can be read from it
    }
  }
  return Object.fromEntries(
    given.split(',').flatMap((pair) => {
      const at = pair.indexOf(':')
      return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]]
    }),
  )
}

const strings = (bag: object): Record<string, string> =>
  Object.fromEntries(Object.entries(bag).map(([key, value]) => [key, String(value)]))
