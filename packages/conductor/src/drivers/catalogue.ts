import { interfaceTypes, type InterfaceType } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { HardwareType, Interface } from '../core/interfaces.ts'
import type { NodeRecord } from '../core/node.ts'
import type { DriverCatalogue, DriverFacts } from '../core/services.ts'

type Key = `${InterfaceType}_interface`
export type Find = (type: InterfaceType, name: string) => Interface | undefined

/** The hardware types that the configuration enables, and which interfaces a node of each may have. */
export function createCatalogue(options: {
  types: readonly HardwareType[]
  host: string
  find: Find
}): DriverCatalogue {
  const { types, host, find } = options
  const facts = (type: HardwareType): DriverFacts => ({
    name: type.name,
    hosts: [host],
    properties: properties(type, find),
    default: each((one) => type.interfaces[one][0] ?? ''),
    enabled: each((one) => [...type.interfaces[one]]),
  })
  const typeOf = (name: string): HardwareType | undefined => types.find((one) => one.name === name)
  return {
    list: () => types.map(facts),
    get(name) {
      const type = typeOf(name)
      if (!type) throw new Fault('not_found', `The driver '${name}' is unknown.`)
      return facts(type)
    },
    resolve: (driver, given) => resolve(typeOf(driver), driver, given),
    secretKeys: (node) => secretKeys(node, find),
  }
}

const each = <T>(make: (type: InterfaceType) => T): Record<InterfaceType, T> =>
  Object.fromEntries(interfaceTypes.map((type) => [type, make(type)])) as Record<InterfaceType, T>

function resolve(
  type: HardwareType | undefined,
  driver: string,
  given: Partial<Record<Key, string | null>>,
): Record<Key, string> {
  if (!type) {
    throw new Fault(
      'no_valid_host',
      `No valid host was found. Reason: No conductor service registered which supports driver ${driver} for conductor group "".`,
    )
  }
  const chosen = interfaceTypes.map((one) => {
    const wanted = given[`${one}_interface`] ?? type.interfaces[one][0] ?? ''
    if (!type.interfaces[one].includes(wanted)) {
      throw new Fault(
        'invalid',
        `Could not find the following interface in the 'ironic.hardware.interfaces.${one}' entrypoint: ${wanted}. Valid interfaces are ${JSON.stringify(type.interfaces[one])}.`,
      )
    }
    return [`${one}_interface`, wanted] as const
  })
  return Object.fromEntries(chosen) as Record<Key, string>
}

function properties(type: HardwareType, find: Find): Record<string, string> {
  const fields = interfaceTypes.flatMap((one) =>
    type.interfaces[one].flatMap((name) => Object.entries(find(one, name)?.driverInfo ?? {})),
  )
  return Object.fromEntries(
    fields.map(([key, field]) => [key, `${field.description}${field.required ? ' Required.' : ' Optional.'}`]),
  )
}

function secretKeys(node: NodeRecord, find: Find): ReadonlySet<string> {
  const fields = interfaceTypes.flatMap((type) =>
    Object.entries(find(type, node[`${type}_interface`] ?? '')?.driverInfo ?? {}),
  )
  return new Set(fields.filter(([, field]) => field.secret).map(([key]) => key))
}
