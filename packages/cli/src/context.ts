import type { Command } from 'commander'
import { openClient, type Client } from './client.ts'
import { interruptSignal } from './interrupt.ts'
import { commonOptions } from './options.ts'
import { openOutput, type Output } from './output.ts'

/** What a command works with: the conductor, the place for results, and the operator's wish to stop. */
export type Context = { client: Client; out: Output; signal: AbortSignal }

export const defaultUrl = 'http://127.0.0.1:6385'

/** A commander action around `work`, which gets the context first and then the arguments and options. */
export const withClient =
  <Given extends unknown[]>(work: (context: Context, ...given: Given) => Promise<void>) =>
  async (...given: [...Given, Command]): Promise<void> => {
    const command = given.at(-1) as Command
    await work(contextFor(command), ...(given.slice(0, -1) as Given))
  }

/** The same for commands that talk to nobody. */
export const withOutput =
  <Given extends unknown[]>(work: (out: Output, ...given: Given) => Promise<void>) =>
  async (...given: [...Given, Command]): Promise<void> => {
    const command = given.at(-1) as Command
    await work(openOutput(commonOptions(command)), ...(given.slice(0, -1) as Given))
  }

function contextFor(command: Command): Context {
  const options = commonOptions(command)
  const signal = interruptSignal()
  const url = options.url ?? (process.env['FERRITE_URL'] || defaultUrl)
  const token = options.token ?? process.env['FERRITE_TOKEN']
  return { client: openClient({ url, token, signal }), out: openOutput(options), signal }
}
