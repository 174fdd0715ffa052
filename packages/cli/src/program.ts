import { Command } from 'commander'
import { version } from '@ferrite/shared/version'
import { globalOptions } from './options.ts'
import { inLocale } from './terminal.ts'

type Noun = { name: string; summary: string; load(): Promise<Command> }

/** Every noun of the command line. Only the one that is used is loaded, so that start-up stays quick. */
// oxfmt-ignore
export const nouns: readonly Noun[] = [
  { name: 'node',       summary: 'Enrol, deploy, power and watch machines',      load: async () => (await import('./commands/node/node.ts')).nodeCommand() },
  { name: 'port',       summary: 'Network ports of machines, by MAC address',    load: async () => (await import('./commands/port.ts')).portCommand() },
  { name: 'driver',     summary: 'Hardware types that the conductor offers',     load: async () => (await import('./commands/driver.ts')).driverCommand() },
  { name: 'events',     summary: 'Follow what happens, as it happens',           load: async () => (await import('./commands/events.ts')).eventsCommand() },
  { name: 'conductor',  summary: 'Run the conductor: API, database and workers', load: async () => (await import('./commands/conductor.ts')).conductorCommand() },
  { name: 'agent',      summary: 'Run the agent: on a machine, or as one',        load: async () => (await import('./commands/agent.ts')).agentCommand() },
  { name: 'write',      summary: 'Write an image onto a disk of this machine',   load: async () => (await import('./commands/write.ts')).writeCommand() },
  { name: 'image',      summary: 'Make the chunk map of an image',               load: async () => (await import('./commands/image.ts')).imageCommand() },
  { name: 'token',      summary: 'Bearer tokens of the API: make, list, revoke',   load: async () => (await import('./commands/token.ts')).tokenCommand() },
  { name: 'config',     summary: 'Settings of the conductor, and their origins', load: async () => (await import('./commands/config.ts')).configCommand() },
  { name: 'completion', summary: 'Completion script for bash, zsh or fish',      load: async () => (await import('./commands/completion.ts')).completionCommand() },
  { name: 'version',    summary: 'Versions of this program and of the server',   load: async () => (await import('./commands/version.ts')).versionCommand() },
]

/** The command tree, whole in the part that `argv` names; the other nouns stand in by name and summary. */
export async function programFor(argv: readonly string[]): Promise<Command> {
  const wanted = nounOf(argv)
  const program = rootCommand()
  for (const noun of nouns) {
    program.addCommand(named(noun, noun.name === wanted ? await noun.load() : new Command(noun.name)))
  }
  return exitingByThrow(program)
}

/** The whole tree, for completion scripts. */
export async function wholeProgram(): Promise<Command> {
  const program = rootCommand()
  for (const noun of nouns) program.addCommand(named(noun, await noun.load()))
  return program
}

const named = (noun: Noun, command: Command): Command => command.summary(noun.summary)

function rootCommand(): Command {
  const program = new Command('ferrite')
    .description('Bare-metal deployment: one command puts a real image onto a machine.')
    .version(version, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false, subcommandTerm: (command) => command.name() })
    .addHelpText('after', examples)
  return globalOptions(program)
}

const examples = `
Examples:
  ferrite conductor                    # API on 127.0.0.1:6385
  ferrite node create --name web-01 --driver redfish \\
      --driver-info redfish_address=https://10.0.0.5 \\
      --driver-info redfish_username=admin --driver-info redfish_password=…
  ferrite node manage web-01 --wait && ferrite node provide web-01 --watch
  ferrite node deploy web-01 --image https://example.org/debian.raw \\
      --checksum sha256:9f86d0… --meta-data hostname=web-01 --watch
  ferrite node list -o json

FERRITE_URL and FERRITE_TOKEN stand for --url and --token.
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict or locked,
5 not allowed, 6 timeout, 8 server unreachable, 130 interrupted.`

const takesValue = new Set(['--url', '--token', '-o', '--output'])

function nounOf(argv: readonly string[]): string | undefined {
  const words: string[] = []
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? ''
    if (takesValue.has(word)) i += 1
    else if (!word.startsWith('-')) words.push(word)
  }
  return words[0] === 'help' ? words[1] : words[0]
}

/** What is wrong is thrown and told in one place, like every other failure. */
function exitingByThrow(command: Command): Command {
  command.exitOverride().configureOutput({
    outputError: () => undefined,
    writeOut: (text) => void process.stdout.write(inLocale(text)),
  })
  for (const inner of command.commands) exitingByThrow(inner)
  return command
}
