import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Fault } from '@ferrite/shared/fault'

export type RunOptions = {
  signal?: AbortSignal
  timeoutMs?: number
  /** Of stdout and of stderr, each; more is a Fault and the end of the process. */
  maxOutputBytes?: number
  input?: string
}

export type RunResult = { stdout: string; stderr: string; code: number }
export type Run = (file: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>

/** All that programs get to see of our environment. */
export const programEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  HOME: '/nonexistent',
}

/**
 * Runs a program without a shell, in its own session, with an environment of its own. A non-zero exit is a result, not
 * an error. Fault not_found (no such program), timeout, aborted, too_large.
 */
export const run: Run = async (file, args, options = {}) => {
  const { signal, timeoutMs = 30_000, maxOutputBytes = 1024 * 1024, input } = options
  if (signal?.aborted) throw new Fault('aborted', `${file} was not started`, { cause: signal.reason })
  const child = spawn(file, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: programEnvironment })
  let refusal: Fault | undefined
  const stop = (reason: Fault) => {
    refusal ??= reason
    killGroup(child)
  }
  const onAbort = () => stop(new Fault('aborted', `${file} was interrupted`, { cause: signal?.reason }))
  const late = () => stop(new Fault('timeout', `${file} did not end within ${timeoutMs / 1000} s`))
  const timer = setTimeout(late, timeoutMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const tooMuch = () => stop(new Fault('too_large', `${file} printed more than ${maxOutputBytes} bytes`))
    const stdout = collect(child.stdout, maxOutputBytes, tooMuch)
    const stderr = collect(child.stderr, maxOutputBytes, tooMuch)
    // A program that stops reading (EPIPE) says by its exit code whether that was an error.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
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
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').at(-1)?.slice(0, 300) ?? ''
  throw new Fault('step_failed', `${file} ended with status ${result.code}${said && `: ${said}`}`)
}

function collect(stream: NodeJS.ReadableStream, limit: number, onOverflow: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
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

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    // The group may have ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
