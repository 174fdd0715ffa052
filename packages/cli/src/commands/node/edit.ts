import { Command } from 'commander'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { CommandError } from '../../exit.ts'
import { mustNotBeEmpty, givenFields, setPatch, unsetPatch, withFieldOptions, withUnsetOptions } from './fields.ts'
import type { FieldOptions } from './fields.ts'
import { nodeText } from './show.ts'

const examples = `
Examples:
  ferrite node create --name web-01 --driver redfish \\
      --driver-info redfish_address=https://10.0.0.5 \\
      --driver-info redfish_username=admin --driver-info redfish_password=… \\
      --property capabilities=boot_mode:uefi
  ferrite node set web-01 --property cpus=40 --property memory_mb=262144
  ferrite node unset web-01 --owner --property memory_mb

Values are JSON where they look like it (4, true, {"a": 1}), else text.`

/** `node create | set | unset | delete`. */
export const editCommands = (): Command[] => [createCommand(), setCommand(), unsetCommand(), deleteCommand()]

function createCommand(): Command {
  const command = new Command('create')
    .summary('enrol a machine')
    .description('Enrol a machine: it begins in state enroll.')
    .requiredOption('--driver <type>', 'hardware type (ferrite driver list)')
  return withClientOptions(withFieldOptions(command, 'create'))
    .addHelpText('after', examples)
    .action(
      withClient(async ({ client, out }, options: FieldOptions) => {
        const node = await client.createNode(givenFields(options))
        await out.show(node, (terminal) => nodeText(node, terminal))
      }),
    )
}

function setCommand(): Command {
  const command = new Command('set')
    .summary('change fields of it')
    .description('Change fields of a node; keys that are not named stay.')
    .argument('<node>', 'name or UUID')
    .option('--driver <type>', 'hardware type')
    .option('--reset-interfaces', 'with --driver: interfaces back to the defaults of the new type')
  return withClientOptions(withFieldOptions(command, 'set'))
    .addHelpText('after', examples)
    .action(
      withClient(async ({ client, out }, ident: string, options: FieldOptions) => {
        const patch = mustNotBeEmpty(setPatch(options))
        const node = await client.patchNode(ident, patch, options['resetInterfaces'] ? { reset_interfaces: true } : {})
        await out.show(node, () => `${ident}: ${patch.map(({ path }) => path.slice(1)).join(', ')} set\n`)
      }),
    )
}

function unsetCommand(): Command {
  const command = new Command('unset')
    .summary('remove fields or keys of it')
    .description('Put fields of a node back to their defaults, and remove keys.')
    .argument('<node>', 'name or UUID')
  return withClientOptions(withUnsetOptions(command)).action(
    withClient(async ({ client, out }, ident: string, options: FieldOptions) => {
      const patch = mustNotBeEmpty(unsetPatch(options))
      const node = await client.patchNode(ident, patch)
      await out.show(node, () => `${ident}: ${patch.map(({ path }) => path.slice(1)).join(', ')} unset\n`)
    }),
  )
}

function deleteCommand(): Command {
  const command = new Command('delete')
    .summary('forget it')
    .description('Forget nodes and their ports; the machines stay as they are.')
    .argument('<node...>', 'names or UUIDs')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, idents: string[]) => {
      const failed: unknown[] = []
      for (const ident of idents) {
        try {
          await client.deleteNode(ident)
          out.note(`${ident} deleted`)
        } catch (error) {
          if (idents.length === 1) throw error
          failed.push(error)
        }
      }
      if (failed.length)
        throw new CommandError('failed', `${failed.length} of ${idents.length} not deleted`, { cause: failed[0] })
      if (out.format !== 'table') await out.show({ deleted: idents }, () => '')
    }),
  )
}
