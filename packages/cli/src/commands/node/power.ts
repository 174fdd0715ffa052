import { Command } from 'commander'
import type { PowerState } from '@ferrite/shared/contracts/nodes'
import type { Node } from '../../client.ts'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { carryOut, withWaitOptions, type WaitOptions } from './carry-out.ts'

type Action = { name: string; hard: string; soft?: string; wants: PowerState; summary: string }

// oxfmt-ignore
const actions: readonly Action[] = [
  { name: 'on',     hard: 'power on',  wants: 'power on',  summary: 'switch it on' },
  { name: 'off',    hard: 'power off', wants: 'power off', soft: 'soft power off', summary: 'switch it off' },
  { name: 'reboot', hard: 'rebooting', wants: 'power on',  soft: 'soft rebooting', summary: 'off and on again' },
]

/** `node power on|off|reboot|status`. */
export function powerCommand(): Command {
  const power = new Command('power').summary('on, off, reboot, status').description('The power of a node.')
  for (const action of actions) power.addCommand(actionCommand(action))
  return power.addCommand(statusCommand())
}

function actionCommand({ name, hard, soft, wants, summary }: Action): Command {
  const command = new Command(name).summary(summary).description(`${summary}.`).argument('<node>', 'name or UUID')
  if (soft) command.option('--soft', 'ask its operating system to do it')
  return withClientOptions(withWaitOptions(command)).action(
    withClient(async (context, ident: string, options: WaitOptions & { soft?: boolean }) => {
      const target = (options.soft && soft) || hard
      const work = {
        ident,
        doing: target,
        start: () => context.client.power(ident, target, options.timeout && Math.ceil(options.timeout)),
        until: (node: Node) => !node.target_power_state,
        outcome: (node: Node) => node.power_state ?? 'power unknown',
        wants: [wants],
      }
      await carryOut(context, [work], options)
    }),
  )
}

function statusCommand(): Command {
  const command = new Command('status')
    .summary('is it on?')
    .description('Tell whether it is on.')
    .argument('<node>', 'name or UUID')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string) => {
      const { uuid, power_state = null, target_power_state = null } = await client.node(ident)
      const going = target_power_state ? ` (→ ${target_power_state})` : ''
      await out.show({ uuid, power_state, target_power_state }, () => `${power_state ?? 'unknown'}${going}\n`)
    }),
  )
}
