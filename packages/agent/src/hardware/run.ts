import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Fault } from '@ferrite/shared/fault'

export type RunOptions = {
  signal?: AbortSignal
  timeoutMs?: number
  /** Of stdout and of stderr, each; more is a Fault and the end of the process. */
  maxOutputBytes?: number
  input?: string | Uint8Array
}

export type RunResult = { stdout: string; stderr: string; code: number }

export const minimalEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
}

/**
 * Runs a program without a shell, in its own process group, with an empty environment but PATH and LC_ALL=C.
 * A non-zero exit is a result, not an error. Fault not_found (no such program), timeout, aborted, too_large.
 */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { signal, timeoutMs = 30_000, maxOutputBytes = 1024 * 1024, input } = options
  if (signal?.aborted) throw new Fault('aborted', `${file} was not started`, { cause: signal.reason })
  const child = spawn(file, args, {
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: minimalEnvironment,
  })
  let refusal: Fault | undefined
  const stop = (reason: Fault) => {
    refusal ??= reason
    killGroup(child)
  }
  const onAbort = () => stop(new Fault('aborted', `${file} was interrupted`, { cause: signal?.reason }))
  const timer = setTimeout(
    () => stop(new Fault('timeout', `${file} did not end within ${timeoutMs / 1000} s`)),
    timeoutMs,
  )
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const stdout = collect(child.stdout, maxOutputBytes, () => stop(tooMuch(file, maxOutputBytes)))
    const stderr = collect(child.stderr, maxOutputBytes, () => stop(tooMuch(file, maxOutputBytes)))
    feed(child, input)
    const code = await ended(child, file)
    if (refusal) throw refusal
    return { stdout: stdout(), stderr: stderr(), code }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** `run`, where a non-zero exit is a Fault step_failed that carries the last line of what the program said. */
export async function runOk(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(file, args, options)
  if (result.code === 0) return result
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').at(-1) ?? ''
  throw new Fault('step_failed', `${file} ended with ${result.code}${said && `: ${said}`}`, { args, code: result.code })
}

const tooMuch = (file: string, limit: number) => new Fault('too_large', `${file} printed more than ${limit} bytes`)

function feed(child: ChildProcess, input: string | Uint8Array | undefined): void {
  // A program that stops reading (EPIPE) says by its exit code whether that was an error.
  child.stdin?.on('error', () => undefined)
  if (input !== undefined) child.stdin?.end(input)
}

function collect(stream: NodeJS.ReadableStream | null, limit: number, onOverflow: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limit) return onOverflow()
    chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function ended(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new Fault('not_found', `the program ${file} is not installed`)
          : new Fault('step_failed', `${file} could not be started`, { cause }),
      ),
    )
    child.once('close', (code, signalName) => resolve(code ?? (signalName ? 128 : 1)))
  })
}

/** Ends a program that was started as the leader of its own group, and whatever it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    // The group may have ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
