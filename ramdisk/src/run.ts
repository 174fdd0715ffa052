import { spawn } from 'node:child_process'
import { Fault } from '@ferrite/shared/fault'

export type RunOptions = { signal?: AbortSignal | undefined; cwd?: string }

/** Runs a build tool without a shell and returns what it printed. Fault not_found, step_failed with its last line. */
export async function run(file: string, args: readonly string[], { signal, cwd }: RunOptions = {}): Promise<string> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
  })
  const said: Buffer[] = []
  const complaints: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => reject(notStarted(file, cause)))
    child.once('close', (status) => resolve(status ?? 128))
  })
  if (code === 0) return Buffer.concat(said).toString('utf8')
  const last = Buffer.concat(complaints).toString('utf8').trim().split('\n').at(-1) ?? ''
  throw new Fault('step_failed', `${file} ended with ${code}${last && `: ${last}`}`, { args })
}

const notStarted = (file: string, cause: NodeJS.ErrnoException) =>
  cause.code === 'ENOENT'
    ? new Fault('not_found', `the program ${file} is not installed; this command needs a Debian system`)
    : new Fault('step_failed', `${file} could not be run`, { cause })
