import { Command } from 'commander'
import type { HistoryEntry, Validation } from '../../client.ts'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { fold, printable, type Terminal } from '../../terminal.ts'

/** `node history` and `node validate`. */
export const reportCommands = (): Command[] => [historyCommand(), validateCommand()]

function historyCommand(): Command {
  const command = new Command('history')
    .summary('what happened to it')
    .description('What happened to a node, oldest first.')
    .argument('<node>', 'name or UUID')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string) => {
      const entries = await client.history(ident)
      await out.show(entries, (terminal) => entries.map((entry) => entryText(entry, terminal)).join(''))
    }),
  )
}

function entryText(entry: HistoryEntry, terminal: Terminal): string {
  const time = entry.created_at.slice(0, 19).replace('T', ' ')
  const style = entry.severity === 'ERROR' ? 'red' : 'dim'
  const [first = '', ...rest] = fold(printable(entry.event), terminal.width - 28)
  const head = `${terminal.paint('dim', time)}  ${terminal.paint(style, entry.severity.padEnd(5))}  ${first}\n`
  return head + rest.map((line) => `${' '.repeat(28)}${line}\n`).join('')
}

function validateCommand(): Command {
  const command = new Command('validate')
    .summary('is all there that it needs?')
    .description('Tell for each interface whether the node has all that it needs, and what is missing.')
    .argument('<node>', 'name or UUID')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, ident: string) => {
      const result = await client.validate(ident)
      await out.show(result, (terminal) => validationText(result, terminal))
    }),
  )
}

const words = { true: '✔ yes', false: '✗ no', null: '– n/a' } as const
const styles = { true: 'green', false: 'red', null: 'dim' } as const

function validationText(result: Validation, terminal: Terminal): string {
  const rows = Object.entries(result).flatMap(([name, { result: good, reason = '' }]) => {
    const [first = '', ...rest] = fold(printable(reason.replaceAll('\n', ' ')), terminal.width - 19)
    const row = line(name, words[`${good}`], first).replace(words[`${good}`], (word) =>
      terminal.paint(styles[`${good}`], word),
    )
    return [row, ...rest.map((text) => line('', '', text))]
  })
  return `${[terminal.paint(['bold', 'dim'], line('INTERFACE', 'GOOD', 'REASON')), ...rows].join('\n')}\n`
}

const line = (name: string, word: string, reason: string): string =>
  `${name.padEnd(12)}${word.padEnd(7)}${reason}`.trimEnd()
