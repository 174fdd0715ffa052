import { readFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { isSecretKey } from '@ferrite/shared/redact'
import { CommandError } from './exit.ts'

export type Pairs = Record<string, unknown>

/** Collects `KEY=VALUE` options. JSON values are taken as such (`cpus=40`, `a={"b":1}`), secrets always as text. */
export function pair(given: string, before: Pairs = {}): Pairs {
  const [key, value] = splitPair(given)
  return { ...before, [key]: isSecretKey(key) ? value : jsonOrText(value) }
}

/** Collects `KEY=VALUE` options whose values stay text. */
export function textPair(given: string, before: Record<string, string> = {}): Record<string, string> {
  const [key, value] = splitPair(given)
  return { ...before, [key]: value }
}

function splitPair(given: string): [string, string] {
  const at = given.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected KEY=VALUE.')
  return [given.slice(0, at), given.slice(at + 1)]
}

/** Collects the values of an option that may be given again. */
export const several = (given: string, before: string[] = []): string[] => [...before, given]

export function positiveSeconds(given: string): number {
  const value = Number(given)
  if (!(value > 0)) throw new InvalidArgumentError('Expected a number of seconds above 0.')
  return value
}

export function trueOrFalse(given: string): boolean {
  if (/^(true|yes|on|1)$/i.test(given)) return true
  if (/^(false|no|off|0)$/i.test(given)) return false
  throw new InvalidArgumentError('Expected true or false.')
}

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value) as unknown
  } catch (cause) {
    if (cause instanceof SyntaxError) return value
    throw cause
  }
}

/** The bytes of a file that an option names; `-` is standard input. */
export async function fileGiven(option: string, file: string): Promise<Buffer> {
  if (file === '-') return Buffer.concat(await Array.fromAsync(process.stdin, (chunk) => Buffer.from(chunk)))
  try {
    return await readFile(file)
  } catch (cause) {
    throw new CommandError('usage', `cannot read the file of ${option}`, { cause })
  }
}
