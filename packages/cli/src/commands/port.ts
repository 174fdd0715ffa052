import { Command } from 'commander'
import type { Port } from '../client.ts'
import { withClient } from '../context.ts'
import { withClientOptions } from '../options.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { pair, trueOrFalse, type Pairs } from '../values.ts'

/** `ferrite port …`. */
export const portCommand = (): Command =>
  new Command('port')
    .description('Network ports of machines, by MAC address.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(deleteCommand())

type CreateOptions = {
  node: string
  pxe?: boolean
  physicalNetwork?: string
  link?: Pairs
  extra?: Pairs
  name?: string
}

function createCommand(): Command {
  const command = new Command('create')
    .summary('add a port to a machine')
    .description('Add a port to a machine, by its MAC address.')
    .argument('<mac>', 'e.g. 52:54:00:12:34:56')
    .requiredOption('--node <node>', 'name or UUID of its machine')
    .option('--name <name>', 'name of the port')
    .option('--pxe <bool>', 'may it boot from this port', trueOrFalse)
    .option('--physical-network <name>', 'physical network it is on')
    .option('--link <key=value>', 'where it is plugged in: port_id, switch_id, … (again for more)', pair)
    .option('--extra <key=value>', 'anything of your own (again for more)', pair)
  return withClientOptions(command).action(
    withClient(async ({ client, out }, address: string, options: CreateOptions) => {
      const { uuid: node_uuid } = await client.node(options.node)
      const port = await client.createPort({
        address,
        node_uuid,
        ...(options.name !== undefined && { name: options.name }),
        ...(options.pxe !== undefined && { pxe_enabled: options.pxe }),
        ...(options.physicalNetwork !== undefined && { physical_network: options.physicalNetwork }),
        ...(options.link && { local_link_connection: options.link }),
        ...(options.extra && { extra: options.extra }),
      })
      await out.show(port, (terminal) => portsText([port], terminal))
    }),
  )
}

function listCommand(): Command {
  const command = new Command('list')
    .summary('all of them, or those of one machine')
    .description('All ports, or those that match.')
    .option('--node <node>', 'of this machine')
    .option('--address <mac>', 'with this MAC address')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, options: { node?: string; address?: string }) => {
      const ports = await client.ports({ detail: true, node: options.node, address: options.address })
      await out.show(ports, (terminal) => portsText(ports, terminal))
    }),
  )
}

function showCommand(): Command {
  const command = new Command('show').summary('one of them').description('One port.').argument('<port>', 'its UUID')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string) => {
      const port = await client.port(ident)
      await out.show(port, (terminal) => portsText([port], terminal))
    }),
  )
}

function deleteCommand(): Command {
  const command = new Command('delete').summary('forget it').description('Forget ports.').argument('<port...>', 'UUIDs')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, idents: string[]) => {
      for (const ident of idents) {
        await client.deletePort(ident)
        out.note(`port ${ident} deleted`)
      }
      if (out.format !== 'table') await out.show({ deleted: idents }, () => '')
    }),
  )
}

const portsText = (ports: readonly Port[], terminal: Terminal): string =>
  ports.length === 0
    ? ''
    : table(
        ports,
        [
          { title: 'MAC', value: (port) => port.address, paint: (text) => terminal.paint('bold', text) },
          { title: 'NAME', value: (port) => port.name ?? '', rank: 2, shrink: true },
          {
            title: 'PXE',
            value: (port) => (port.pxe_enabled === undefined ? '' : port.pxe_enabled ? 'yes' : 'no'),
            rank: 3,
          },
          { title: 'NODE', value: (port) => port.node_uuid ?? '', rank: 1, shrink: true },
          { title: 'UUID', value: (port) => port.uuid, paint: (text) => terminal.paint('dim', text) },
        ],
        terminal,
      )
