import { CommandError, exitCodes } from './exit.ts'

let controller: AbortController | undefined

/** Aborts at the first SIGINT or SIGTERM, so that screens and connections are put away; a second one ends the process. */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal
  const made = new AbortController()
  controller = made
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (made.signal.aborted) process.exit(exitCodes.interrupted)
      made.abort(new CommandError('interrupted', `stopped by ${name}`))
    })
  }
  return made.signal
}
