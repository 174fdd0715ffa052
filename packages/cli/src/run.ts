import { CommanderError } from 'commander'
import { exitCodes, exitOf, report } from './exit.ts'
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
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    process.stderr.write(report(error, wantsJson(argv)))
    return exitCodes[exitOf(error)]
  }
}

const wantsJson = (argv: readonly string[]): boolean =>
  argv.includes('--json') || /(^|\0)(-o\0?|--output[=\0])json(\0|$)/.test(argv.join('\0'))

// `ferrite node list | head -1` must not end in a stack trace.
function endQuietlyOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(exitCodes.ok)
}
