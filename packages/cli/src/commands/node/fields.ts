import { Option, type Command } from 'commander'
import type { JsonPatch } from '@ferrite/shared/contracts/nodes'
import { CommandError } from '../../exit.ts'
import { pair, several, trueOrFalse, type Pairs } from '../../values.ts'

/** Options that set a plain field of a node: flag, field, how its value is read, and what it is. */
// oxfmt-ignore
const scalars = [
  { flag: 'name',            field: 'name',            help: 'name, unique' },
  { flag: 'resource-class',  field: 'resource_class',  help: 'what a scheduler picks it by' },
  { flag: 'owner',           field: 'owner',           help: 'whose it is' },
  { flag: 'lessee',          field: 'lessee',          help: 'who may use it' },
  { flag: 'description',     field: 'description',     help: 'a sentence about it' },
  { flag: 'conductor-group', field: 'conductor_group', help: 'conductors that may work on it' },
  { flag: 'instance-uuid',   field: 'instance_uuid',   help: 'UUID of what runs on it' },
  { flag: 'automated-clean', field: 'automated_clean', help: 'clean it by itself: true or false', parse: trueOrFalse },
  { flag: 'protected',       field: 'protected',       help: 'refuse to undeploy, rebuild or delete it: true or false', parse: trueOrFalse, patch: true },
  { flag: 'retired',         field: 'retired',         help: 'never offer it again: true or false', parse: trueOrFalse },
] as const

/** Options that set a key of an object field, given again for more. */
// oxfmt-ignore
const bags = [
  { flag: 'driver-info',   field: 'driver_info',   help: 'how its BMC is reached' },
  { flag: 'property',      field: 'properties',    help: 'facts about the hardware' },
  { flag: 'instance-info', field: 'instance_info', help: 'facts about the deployment' },
  { flag: 'extra',         field: 'extra',         help: 'anything of your own' },
] as const

// oxfmt-ignore
const interfaces = [
  'bios', 'boot', 'console', 'deploy', 'firmware', 'inspect', 'management',
  'network', 'power', 'raid', 'rescue', 'storage', 'vendor',
]

export type FieldOptions = Record<string, unknown>

/** `--name`, `--driver-info key=value`, `--deploy-interface …`: what `create` and `set` share. */
export function withFieldOptions(command: Command, kind: 'create' | 'set'): Command {
  for (const scalar of scalars) {
    if (kind === 'create' && 'patch' in scalar) continue
    const option = new Option(`--${scalar.flag} <value>`, scalar.help)
    command.addOption('parse' in scalar ? option.argParser(scalar.parse) : option)
  }
  for (const { flag, help } of bags) {
    command.addOption(new Option(`--${flag} <key=value>`, `${help} (again for more)`).argParser(pair))
  }
  for (const name of interfaces) {
    command.addOption(new Option(`--${name}-interface <name>`, `implementation of ${name}`).helpGroup('Interfaces:'))
  }
  return command
}

/** The fields given, under their names on the wire. */
export function givenFields(options: FieldOptions): Record<string, unknown> {
  const named = [...scalars, ...bags].map(({ flag, field }) => [field, options[camel(flag)]] as const)
  const chosen = interfaces.map((name) => [`${name}_interface`, options[`${name}Interface`]] as const)
  const driver = [['driver', options['driver']] as const]
  return Object.fromEntries([...driver, ...named, ...chosen].filter(([, value]) => value !== undefined))
}

/** The given fields as a patch: objects key by key, so that other keys stay. */
export function setPatch(options: FieldOptions): JsonPatch {
  return Object.entries(givenFields(options)).flatMap(([field, value]) =>
    isBag(field)
      ? Object.entries(value as Pairs).map(([key, inner]) => ({
          op: 'add' as const,
          path: `/${field}/${pointerPart(key)}`,
          value: inner,
        }))
      : [{ op: 'add' as const, path: `/${field}`, value }],
  )
}

/** `--owner`, `--driver-info key`: the options of `unset`. */
export function withUnsetOptions(command: Command): Command {
  for (const { flag } of scalars) command.option(`--${flag}`, `back to its default`)
  for (const { flag, help } of bags)
    command.option(`--${flag} <key>`, `${help}: a key to remove (again for more)`, several)
  for (const name of interfaces) {
    command.addOption(new Option(`--${name}-interface`, `back to the default of ${name}`).helpGroup('Interfaces:'))
  }
  return command
}

/** The patch that removes what is named. */
export function unsetPatch(options: FieldOptions): JsonPatch {
  return Object.entries(givenFields(options)).flatMap(([field, value]) =>
    isBag(field)
      ? (value as string[]).map((key) => ({ op: 'remove' as const, path: `/${field}/${pointerPart(key)}` }))
      : [{ op: 'remove' as const, path: `/${field}` }],
  )
}

export function mustNotBeEmpty(patch: JsonPatch): JsonPatch {
  if (patch.length === 0) throw new CommandError('usage', 'nothing to change was given (see --help)')
  return patch
}

const isBag = (field: string): boolean => bags.some((bag) => bag.field === field)
const camel = (flag: string): string => flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
const pointerPart = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
