import { explain, Fault } from '@ferrite/shared/fault'
import { inLocale, printable } from './terminal.ts'

/** What the process ends with; scripts may rely on every number. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  not_found: 3,
  conflict: 4,
  unauthorized: 5,
  timeout: 6,
  unreachable: 8,
  interrupted: 130,
} as const
export type ExitName = keyof typeof exitCodes

/** An end that the operator is told about in one sentence, with the exit code it deserves. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exit: ExitName
  /** HTTP status, where a server said no. */
  readonly status: number | undefined

  constructor(exit: ExitName, message: string, { cause, status }: ErrorOptions & { status?: number } = {}) {
    super(message, { cause })
    this.exit = exit
    this.status = status
  }
}

/** The exit an HTTP status stands for. */
export function exitForStatus(status: number): ExitName {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404) return 'not_found'
  if (status === 409) return 'conflict'
  return 'failed'
}

/** The exit of any thrown value. */
export function exitOf(error: unknown): ExitName {
  if (error instanceof CommandError) return error.exit
  if (error instanceof Fault) {
    if (error.code === 'timeout') return 'timeout'
    return error.code === 'aborted' ? 'interrupted' : exitForStatus(error.status)
  }
  if (error instanceof Error && error.name === 'TimeoutError') return 'timeout'
  return 'failed'
}

/** The report of a failure: one sentence for people, one document for programs. */
export function report(error: unknown, json: boolean): string {
  const message = printable(explain(error) || String(error))
  if (!json) return inLocale(`ferrite: ${message}\n`)
  const status = error instanceof CommandError ? error.status : undefined
  const exit = exitOf(error)
  return `${JSON.stringify({ error: { message, kind: exit, exit_code: exitCodes[exit], ...(status && { status }) } })}\n`
}
