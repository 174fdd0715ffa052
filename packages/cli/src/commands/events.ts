import { Command } from 'commander'
import { withClient } from '../context.ts'
import { CommandError } from '../exit.ts'
import { events } from '../events.ts'
import { withClientOptions } from '../options.ts'
import { plainLine, sparing } from '../watch/plain.ts'

type EventsOptions = { node?: string; since?: string }

/** `ferrite events`. */
export function eventsCommand(): Command {
  const command = new Command('events')
    .description('Follow what happens, as it happens, until interrupted: states, steps, power, progress.')
    .option('--node <node>', 'of this machine only')
    .option('--since <id>', 'begin after the event with this id')
  return withClientOptions(command).action(
    withClient(async ({ client, out, signal }, options: EventsOptions) => {
      const node = options.node === undefined ? undefined : (await client.node(options.node)).uuid
      const passes = sparing(1000)
      for await (const event of events(client.http, { node, since: options.since, signal })) {
        if (out.format !== 'table') out.line(event)
        else if (passes(event)) out.terminal.write(`${plainLine(event)}\n`)
      }
      if (signal.reason instanceof CommandError) throw signal.reason
    }),
  )
}
