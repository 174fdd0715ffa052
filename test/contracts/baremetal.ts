import { execFile } from 'node:child_process'
import { accessSync } from 'node:fs'
import { promisify } from 'node:util'

// Debian's python3-ironicclient, as operators have it installed.
const client = '/usr/bin/baremetal'
export const installed = (() => {
  try {
    accessSync(client)
    return true
  } catch {
    return false
  }
})()
const run = promisify(execFile)

export type Baremetal = {
  /** What the client printed. Throws with its error output when it failed. */
  say(command: string, ...more: string[]): Promise<string>
  /** The same, with the client asked for JSON. */
  tell<T = Record<string, unknown>>(command: string, ...more: string[]): Promise<T>
  /** What the client complained of; fails when it did not. */
  complain(command: string, ...more: string[]): Promise<string>
}

/** The field's own client, pointed at `url`. A command is words with blanks between them; what has blanks comes after. */
export function baremetalAt(url: string, home: string): Baremetal {
  const say = async (command: string, ...more: string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], OS_AUTH_TYPE: 'none', OS_ENDPOINT: url, HOME: home }
    const { stdout } = await run(client, [...command.split(' '), ...more], { env, timeout: 60_000 })
    return stdout.trim()
  }
  return {
    say,
    tell: async <T>(command: string, ...more: string[]) => JSON.parse(await say(command, ...more, '-f', 'json')) as T,
    complain: async (command, ...more) => {
      const printed = await say(command, ...more).catch((error: Error & { stderr?: string }) => error)
      if (typeof printed === 'string') throw new Error(`"${command}" was expected to fail, but it printed: ${printed}`)
      return printed.stderr ?? printed.message
    },
  }
}

/** Asks until a field has this value. Tests that run side by side cannot use `expect.poll`. */
export async function settles(cli: Baremetal, command: string, field: string, wanted: string): Promise<void> {
  let seen: unknown
  for (let tries = 0; tries < 60; tries += 1) {
    seen = (await cli.tell(command))[field]
    if (seen === wanted) return
  }
  throw new Error(`${command}: ${field} is ${JSON.stringify(seen)}, not ${wanted}`)
}
