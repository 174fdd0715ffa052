import { Command } from 'commander'
import type { Client, Node } from '../../client.ts'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { markOf, paintState } from '../../states.ts'
import { table, type Column } from '../../table.ts'
import type { Terminal } from '../../terminal.ts'
import { trueOrFalse } from '../../values.ts'

const shownFields = [
  'uuid',
  'name',
  'provision_state',
  'power_state',
  'maintenance',
  'driver',
  'resource_class',
  'reservation',
  'last_error',
].join(',')

type ListOptions = {
  state?: string
  driver?: string
  resourceClass?: string
  owner?: string
  maintenance?: boolean
  associated?: boolean
  detail?: boolean
}

/** `node list`. */
export function listCommand(): Command {
  const command = new Command('list')
    .summary('all of them, or those that match')
    .description('All nodes, or those that match.')
    .option('--state <state>', 'in this provision state, e.g. available')
    .option('--driver <type>', 'of this hardware type')
    .option('--resource-class <class>', 'of this resource class')
    .option('--owner <owner>', 'of this owner')
    .option('--maintenance <bool>', 'in maintenance or not', trueOrFalse)
    .option('--associated <bool>', 'with an instance or without', trueOrFalse)
    .option('--detail', 'every field (json and yaml)')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, options: ListOptions) => {
      const nodes = await find(client, options)
      await out.show(nodes, (terminal) => nodesText(nodes, terminal))
    }),
  )
}

const find = (client: Client, options: ListOptions): Promise<Node[]> =>
  client.nodes({
    ...(options.detail ? { detail: true } : { fields: shownFields }),
    provision_state: options.state,
    driver: options.driver,
    resource_class: options.resourceClass,
    owner: options.owner,
    maintenance: options.maintenance,
    associated: options.associated,
  })

export function nodesText(nodes: readonly Node[], terminal: Terminal): string {
  if (nodes.length === 0) return terminal.tty ? 'No nodes. Enrol one with: ferrite node create --help\n' : ''
  return table(nodes, columns(terminal), terminal)
}

const columns = (terminal: Terminal): Column<Node>[] => [
  { title: 'NAME', value: (node) => node.name ?? '–', shrink: true, paint: (text) => terminal.paint('bold', text) },
  {
    title: 'STATE',
    value: (node) => (terminal.tty ? `${markOf(node.provision_state)} ` : '') + node.provision_state,
    paint: (text, node) => paintState(node.provision_state, terminal, text),
  },
  {
    title: 'POWER',
    value: (node) => (node.power_state ?? '–').replace('power ', ''),
    paint: (text) => terminal.paint(text === 'on' ? 'green' : 'dim', text),
  },
  {
    title: 'NOTE',
    value: noteOf,
    paint: (text) => terminal.paint('yellow', text),
  },
  { title: 'CLASS', value: (node) => node.resource_class ?? '', rank: 3, shrink: true },
  { title: 'DRIVER', value: (node) => node.driver, rank: 2, shrink: true },
  { title: 'UUID', value: (node) => node.uuid, paint: (text) => terminal.paint('dim', text), shrink: true },
]

function noteOf(node: Node): string {
  if (node.maintenance) return 'maintenance'
  return node.last_error ? 'error' : ''
}
