import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type Ended = { code: number; stdout: string; stderr: string }
type Given = {
  url?: string
  env?: Record<string, string>
  input?: string
  during?: (running: Running) => void
  started?: (running: Running) => void
}
export type Running = { kill: (signal: NodeJS.Signals) => void; stdout: () => string }

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** Runs the command line as an operator does, in a process of its own, and answers how it ended. */
export const ferrite = (args: readonly string[], given: Given = {}): Promise<Ended> =>
  program(main, args, { ...given, env: { ...(given.url && { FERRITE_URL: given.url }), ...given.env } })

/** The same for any other program of the workspace. */
export async function program(file: string, args: readonly string[], given: Given = {}): Promise<Ended> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(FERRITE_|FORCE_COLOR)/.test(name)))
  const child = spawn(process.execPath, [file, ...args], { env: { ...env, ...given.env }, stdio: 'pipe' })
  const out: string[] = []
  const err: string[] = []
  const running = { kill: (signal: NodeJS.Signals) => void child.kill(signal), stdout: () => out.join('') }
  child.stdout.on('data', (chunk: Buffer) => {
    out.push(chunk.toString())
    given.during?.(running)
  })
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()))
  given.started?.(running)
  child.stdin.end(given.input)
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
  return { code, stdout: out.join(''), stderr: err.join('') }
}
