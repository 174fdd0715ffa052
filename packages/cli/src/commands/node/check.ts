import { Command } from 'commander'
import type { NodeCheck } from '../../client.ts'
import { withClient } from '../../context.ts'
import { CommandError } from '../../exit.ts'
import { withClientOptions } from '../../options.ts'
import { fold, printable, type Terminal } from '../../terminal.ts'

const checkLimitMs = 300_000

/** `node check`. */
export function checkCommand(): Command {
  const command = new Command('check')
    .summary('will a boot work? tries all but power')
    .description(
      'Try what a deploy will need, before power is touched: BMC and credentials, boot device, network, boot files, architecture, DHCP, image.',
    )
    .argument('<node>', 'name or UUID')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string) => {
      const check = await client.checkNode(ident, checkLimitMs)
      await out.show(check, (terminal) => checkText(check, terminal))
      const failed = check.results.filter(({ result }) => result === 'failed').map(({ name }) => name)
      if (failed.length > 0) throw new CommandError('failed', `${ident} is not ready: ${failed.join(', ')}`)
    }),
  )
}

const marks = { ok: '✔ ok', warning: '! warning', failed: '✗ failed', skipped: '– skipped' } as const
const styles = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const
const nameWidth = 16
const markWidth = 11

function checkText({ results }: NodeCheck, terminal: Terminal): string {
  const left = nameWidth + markWidth
  const rows = results.flatMap(({ name, result, detail }) => {
    const [first = '', ...rest] = fold(printable(detail.replaceAll('\n', ' ')), terminal.width - left)
    const mark = terminal.paint(styles[result], marks[result].padEnd(markWidth))
    return [`${name.padEnd(nameWidth)}${mark}${first}`.trimEnd(), ...rest.map((text) => ' '.repeat(left) + text)]
  })
  const title = `${'WHAT'.padEnd(nameWidth)}${'RESULT'.padEnd(markWidth)}DETAIL`
  return `${[terminal.paint(['bold', 'dim'], title), ...rows].join('\n')}\n`
}
