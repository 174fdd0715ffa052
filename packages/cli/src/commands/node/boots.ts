import { Command } from 'commander'
import { formatBytes } from '@ferrite/shared/units'
import type { Boot, Client } from '../../client.ts'
import { withClient } from '../../context.ts'
import { CommandError } from '../../exit.ts'
import { withClientOptions } from '../../options.ts'
import { printable, type Terminal } from '../../terminal.ts'

/** `node boots`. */
export function bootsCommand(): Command {
  const command = new Command('boots')
    .summary('how far its last boots came')
    .description(
      'What was seen of the last boots into the ramdisk, newest first: DHCP, loader, kernel, ramdisk, agent.',
    )
    .argument('<node>', 'name or UUID')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string) => {
      const trace = await client.bootTrace(ident)
      await out.show(
        trace,
        (terminal) => trace.boots.map((boot) => bootText(boot, terminal)).join('\n') || 'No boot yet.\n',
      )
    }),
  )
}

/** The newest boot in lines, for whoever shows the node itself; nothing from a server that keeps no trace. */
export async function lastBootText(client: Client, ident: string): Promise<(terminal: Terminal) => string> {
  try {
    const [newest] = (await client.bootTrace(ident)).boots
    return newest ? (terminal) => `\n${bootText(newest, terminal)}` : () => ''
  } catch (error) {
    if (error instanceof CommandError && error.status !== undefined) return () => ''
    throw error
  }
}

function bootText(boot: Boot, terminal: Terminal): string {
  const began = boot.started_at.slice(0, 19).replace('T', ' ')
  const title = terminal.paint('bold', `Boot ${boot.epoch}`)
  const lines = boot.signs.map((sign) => {
    const seconds = `${sign.seconds.toFixed(1)} s`.padStart(10)
    const bytes = sign.bytes === null ? '' : `  ${formatBytes(sign.bytes)}`
    const text = `${sign.what.replaceAll('_', ' ')}${bytes}${sign.detail ? `  ${printable(sign.detail)}` : ''}`
    return `${terminal.paint('dim', seconds)}  ${sign.trouble ? terminal.paint('red', `✗ ${text}`) : text}\n`
  })
  return `${title}  ${terminal.paint('dim', `${began} UTC`)}\n${lines.join('')}`
}
