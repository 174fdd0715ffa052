import { Command } from 'commander'
import type { Node } from '../../client.ts'
import { withClient } from '../../context.ts'
import { lastBootText } from './boots.ts'
import { withClientOptions } from '../../options.ts'
import { markOf, paintState } from '../../states.ts'
import { fold, printable, type Terminal } from '../../terminal.ts'

/** `node show`. */
export function showCommand(): Command {
  const command = new Command('show')
    .summary('everything about one')
    .description('Everything about a node; fields without a value are left out.')
    .argument('<node>', 'name or UUID')
    .option('-a, --all', 'also fields without a value')
    .option('--fields <names>', 'only these, separated by commas')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string, options: { all?: boolean; fields?: string }) => {
      const node = await client.node(ident)
      const wanted = options.fields?.split(',').map((name) => name.trim())
      const shown = wanted ? Object.fromEntries(wanted.map((name) => [name, node[name as keyof Node]])) : node
      const people = !wanted && out.format === 'table' && node.boot_interface
      const boot = people ? await lastBootText(client, node.uuid) : () => ''
      await out.show(shown, (terminal) =>
        wanted ? factLines(shown, terminal).join('') : nodeText(node, terminal, options.all) + boot(terminal),
      )
    }),
  )
}

/** Field names in the order in which people look for them; the rest follows as it comes. */
// oxfmt-ignore
const order = [
  'uuid', 'name', 'driver', 'description', 'owner', 'lessee', 'resource_class', 'conductor_group', 'conductor',
  'provision_state', 'target_provision_state', 'provision_updated_at', 'power_state', 'target_power_state',
  'maintenance', 'maintenance_reason', 'fault', 'reservation', 'last_error', 'deploy_step', 'clean_step',
  'instance_uuid', 'instance_name', 'instance_info', 'driver_info', 'properties', 'traits', 'extra', 'network_data',
  'driver_internal_info',
]
const inHeadline = new Set(['links', 'ports', 'portgroups', 'states', 'volume'])

/** A node for people: a headline, what went wrong, then its fields. */
export function nodeText(node: Node, terminal: Terminal, all = false): string {
  const known = order.filter((name) => name in node)
  const rest = Object.keys(node).filter((name) => !order.includes(name) && !name.endsWith('_interface'))
  const names = [...known, ...rest].filter((name) => !inHeadline.has(name))
  const facts = Object.fromEntries(names.map((name) => [name, node[name as keyof Node]]))
  const interfaces = Object.entries(node).filter(([name, value]) => name.endsWith('_interface') && (all || value))
  const chosen = Object.fromEntries(
    interfaces
      .map(([name, value]) => [name.replace('_interface', ''), value] as const)
      .toSorted(([a], [b]) => a.localeCompare(b)),
  )
  return [headline(node, terminal), ...factLines({ ...facts, interfaces: chosen }, terminal, all)].join('')
}

function headline(node: Node, terminal: Terminal): string {
  const state = paintState(node.provision_state, terminal, `${markOf(node.provision_state)} ${node.provision_state}`)
  const parts = [terminal.paint('bold', printable(node.name ?? node.uuid)), state, node.power_state ?? 'power unknown']
  return `${parts.join('   ')}${node.maintenance ? `   ${terminal.paint('yellow', 'maintenance')}` : ''}\n\n`
}

const labelWidth = 27

/** `name  value` lines; objects a key a line below their name. Empty values are left out unless `all`. */
function factLines(facts: Record<string, unknown>, terminal: Terminal, all = true): string[] {
  return Object.entries(facts).flatMap(([name, value]) => {
    if (!all && isEmpty(value)) return []
    if (isObject(value) && Object.keys(value).length) {
      const inner = Object.entries(value).map(([key, item]) => fact(`  ${key}`, item, terminal))
      return [`${terminal.paint('dim', name)}\n`, ...inner]
    }
    return [fact(name, value, terminal)]
  })
}

function fact(name: string, value: unknown, terminal: Terminal): string {
  const width = Math.max(20, terminal.width - labelWidth - 2)
  const lines = printable(textOf(value))
    .split('\n')
    .flatMap((line) => fold(line, width))
  const label = terminal.paint('dim', name.padEnd(labelWidth))
  const paint = (text: string) => (name === 'last_error' && value ? terminal.paint('red', text) : text)
  const [first = '', ...rest] = lines
  const gap = name.length >= labelWidth ? ' ' : ''
  return (
    [`${label}${gap}${paint(first)}`.trimEnd(), ...rest.map((line) => ' '.repeat(labelWidth) + paint(line))].join(
      '\n',
    ) + '\n'
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ') || '–'
  return JSON.stringify(value)
}
