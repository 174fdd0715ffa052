import { Command, Option } from 'commander'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'

/** `node maintenance`, `node trait`, `node boot-device`: what is neither a field nor a verb. */
export const attributeCommands = (): Command[] => [maintenanceCommand(), traitCommand(), bootDeviceCommand()]

const onNode = (name: string, summary: string): Command =>
  new Command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .argument('<node>', 'name or UUID')

function maintenanceCommand(): Command {
  const set = onNode('set', 'leave it alone: no power sync, no deploys').option('--reason <text>', 'why')
  const unset = onNode('unset', 'take care of it again')
  return new Command('maintenance')
    .summary('set, unset')
    .description('Whether the conductor leaves a node alone.')
    .addCommand(
      withClientOptions(set).action(
        withClient(async ({ client, out }, ident: string, options: { reason?: string }) => {
          await client.setMaintenance(ident, options.reason ?? null)
          await out.show({ maintenance: true, reason: options.reason ?? null }, () => `${ident} is in maintenance\n`)
        }),
      ),
    )
    .addCommand(
      withClientOptions(unset).action(
        withClient(async ({ client, out }, ident: string) => {
          await client.unsetMaintenance(ident)
          await out.show({ maintenance: false }, () => `${ident} is out of maintenance\n`)
        }),
      ),
    )
}

function traitCommand(): Command {
  const list = onNode('list', 'its traits')
  const add = onNode('add', 'add traits').argument('<trait...>', 'e.g. HW_CPU_X86_VMX or CUSTOM_FAST_DISK')
  const remove = onNode('remove', 'remove traits').argument('<trait...>', 'traits it has')
  return new Command('trait')
    .summary('add, remove, list')
    .description('Traits: what a scheduler can ask for.')
    .addCommand(
      withClientOptions(list).action(
        withClient(async ({ client, out }, ident: string) => {
          const traits = await client.traits(ident)
          await out.show(traits, () => traits.map((trait) => `${trait}\n`).join(''))
        }),
      ),
    )
    .addCommand(
      withClientOptions(add).action(
        withClient(async ({ client, out }, ident: string, traits: string[]) => {
          for (const trait of traits) await client.addTrait(ident, trait)
          await out.show(await client.traits(ident), () => `${ident}: ${traits.join(', ')} added\n`)
        }),
      ),
    )
    .addCommand(
      withClientOptions(remove).action(
        withClient(async ({ client, out }, ident: string, traits: string[]) => {
          for (const trait of traits) await client.removeTrait(ident, trait)
          await out.show(await client.traits(ident), () => `${ident}: ${traits.join(', ')} removed\n`)
        }),
      ),
    )
}

// oxfmt-ignore
const devices = ['pxe', 'disk', 'cdrom', 'bios', 'safe', 'wanboot', 'iscsi_boot', 'floppy', 'uefi_http']

function bootDeviceCommand(): Command {
  const show = onNode('show', 'what it boots from next')
  const set = onNode('set', 'choose what it boots from next')
  set
    .argument('<device>', devices.join(', '))
    .addOption(new Option('--persistent', 'for every boot, not only the next'))
  return new Command('boot-device')
    .summary('show, set')
    .description('The device that a node boots from.')
    .addCommand(
      withClientOptions(show).action(
        withClient(async ({ client, out }, ident: string) => {
          const answer = await client.bootDevice(ident)
          const how = answer.persistent === null ? '' : answer.persistent ? ' (always)' : ' (next boot only)'
          await out.show(answer, () => `${answer.boot_device ?? 'unknown'}${how}\n`)
        }),
      ),
    )
    .addCommand(
      withClientOptions(set).action(
        withClient(async ({ client, out }, ident: string, device: string, options: { persistent?: boolean }) => {
          await client.setBootDevice(ident, device, options.persistent ?? false)
          const answer = { boot_device: device, persistent: options.persistent ?? false }
          await out.show(answer, () => `${ident} boots from ${device}${answer.persistent ? '' : ' next'}\n`)
        }),
      ),
    )
}
