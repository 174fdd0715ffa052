import { CommanderError } from 'commander'
import { CommandError, exitCodes, exitOf, report } from './exit.ts'
import { programFor } from './program.ts'

/** Runs one command line and answers the process's exit code. Nothing is thrown. */
export async function run(given: readonly string[]): Promise<number> {
  // `pnpm ferrite -- node list` hands the dashes on.
  const argv = given[0] === '--' ? given.slice(1) : [...given]
  process.stdout.on('error', endQuietlyOnClosedPipe)
  try {
    const program = await programFor(argv)
    if (argv.length === 0) {
      program.outputHelp()
      return exitCodes.ok
    }
    await program.parseAsync(argv, { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok
    // A noun without a verb: its help has been printed.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage
    const told = error instanceof CommanderError ? usageError(error) : error
    process.stderr.write(report(told, wantsJson(argv)))
    return exitCodes[exitOf(told)]
  }
}

/** Commander's complaint in our words: one line, and where to read on unless it knows what was meant. */
function usageError({ message }: CommanderError): CommandError {
  const said = message.replace(/^error: /, '').replaceAll('\n', ' ')
  return new CommandError('usage', said.startsWith('unknown') && !said.endsWith(')') ? `${said} (see --help)` : said)
}

const wantsJson = (argv: readonly string[]): boolean =>
  argv.includes('--json') || /(^|\0)(-o\0?|--output[=\0])json(\0|$)/.test(argv.join('\0'))

// `ferrite node list | head -1` must not end in a stack trace.
function endQuietlyOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(exitCodes.ok)
}
