import { Option, type Command } from 'commander'
import { CommandError } from './exit.ts'
import { formats, type Format } from './output.ts'

export type CommonOptions = {
  url?: string
  token?: string
  output?: Format
  json?: boolean
  color?: boolean
  quiet?: boolean
}

const outputOptions = (): Option[] => [
  new Option('-o, --output <format>', 'how results are printed').choices(formats),
  new Option('--json', 'the same as -o json'),
  new Option('--no-color', 'no colours (also: NO_COLOR)'),
  new Option('-q, --quiet', 'results only, no sentences'),
]
const connectionOptions = (): Option[] => [
  new Option('--url <url>', 'conductor to talk to (FERRITE_URL; default http://127.0.0.1:6385)'),
  new Option('--token <token>', 'token to show to it (FERRITE_TOKEN)'),
]

/** Options before the noun: `ferrite --url … node list`. */
export function globalOptions(program: Command): Command {
  for (const option of [...connectionOptions(), ...outputOptions()]) program.addOption(option)
  return program
}

/** The options of every command that talks to a conductor, under a heading of their own. */
export const withClientOptions = (command: Command): Command =>
  added(command, [...connectionOptions(), ...outputOptions()])

/** The options of commands that only print. */
export const withOutputOptions = (command: Command): Command => added(command, outputOptions())

function added(command: Command, options: Option[]): Command {
  for (const option of options) command.addOption(option.helpGroup('Connection and output:'))
  return command
}

/** What was given to the command itself or before the noun; the command's own wins. */
export function commonOptions(command: Command): CommonOptions {
  const merged: CommonOptions = {}
  for (let at: Command | null = command; at; at = at.parent) {
    for (const name of ['url', 'token', 'output', 'json', 'quiet'] as const) {
      if (merged[name] === undefined) Object.assign(merged, { [name]: at.getOptionValue(name) as unknown })
    }
    if (at.getOptionValue('color') === false) merged.color = false
  }
  const wanted = merged.output ?? formatOfEnvironment()
  return wanted === undefined ? merged : { ...merged, output: wanted }
}

function formatOfEnvironment(): Format | undefined {
  const given = process.env['FERRITE_OUTPUT']
  const format = formats.find((one) => one === given)
  if (given && !format)
    throw new CommandError('usage', `FERRITE_OUTPUT is ${given}, but there are ${formats.join(', ')}`)
  return format
}
