/**
 * Every way this system says no: the HTTP status it has on Ironic's API, and whether asking again can help.
 * Statuses and meanings are Ironic's where Ironic has the case.
 */
// oxfmt-ignore
const faults = {
  // what was asked
  invalid:                   { status: 400, retry: false },
  missing_parameter:         { status: 400, retry: false },
  invalid_transition:        { status: 400, retry: false },
  in_maintenance:            { status: 400, retry: false },
  no_valid_host:             { status: 400, retry: false },
  unsupported:               { status: 400, retry: false },
  unauthorized:              { status: 401, retry: false },
  forbidden:                 { status: 403, retry: false },
  protected:                 { status: 403, retry: false },
  not_found:                 { status: 404, retry: false },
  method_not_allowed:        { status: 405, retry: false },
  not_acceptable:            { status: 406, retry: false },
  conflict:                  { status: 409, retry: false },
  node_locked:               { status: 409, retry: true },
  node_associated:           { status: 409, retry: false },
  invalid_state:             { status: 409, retry: false },
  agent_busy:                { status: 409, retry: true },
  too_large:                 { status: 413, retry: false },
  too_many_requests:         { status: 429, retry: true },
  busy:                      { status: 503, retry: true },
  storage_failed:            { status: 503, retry: true },
  // what went wrong while doing it
  bug:                       { status: 500, retry: false },
  lease_lost:                { status: 500, retry: true },
  aborted:                   { status: 500, retry: false },
  timeout:                   { status: 500, retry: true },
  power_failed:              { status: 500, retry: true },
  bmc_unreachable:           { status: 500, retry: true },
  bmc_refused:               { status: 500, retry: false },
  bmc_lied:                  { status: 500, retry: false },
  off_origin:                { status: 500, retry: false },
  agent_unreachable:         { status: 500, retry: true },
  agent_refused:             { status: 500, retry: false },
  agent_command_failed:      { status: 500, retry: false },
  step_failed:               { status: 500, retry: false },
  image_unreachable:         { status: 500, retry: true },
  image_refused:             { status: 500, retry: false },
  image_stalled:             { status: 500, retry: true },
  image_truncated:           { status: 500, retry: true },
  image_changed:             { status: 500, retry: true },
  image_digest_mismatch:     { status: 500, retry: false },
  image_format_refused:      { status: 500, retry: false },
  image_too_large:           { status: 500, retry: false },
  checksum_unavailable:      { status: 500, retry: false },
  disk_not_found:            { status: 500, retry: false },
  disk_in_use:               { status: 500, retry: false },
  disk_failed:               { status: 500, retry: false },
  disk_verify_failed:        { status: 500, retry: false },
  partition_table_invalid:   { status: 500, retry: false },
  configdrive_invalid:       { status: 400, retry: false },
  lookup_failed:             { status: 500, retry: true },
  // what an agent says of a command
  wrong_arguments:           { status: 500, retry: false },
  version_mismatch:          { status: 409, retry: false },
  step_not_found:            { status: 500, retry: false },
  deployment_failed:         { status: 500, retry: false },
  cleaning_failed:           { status: 500, retry: false },
  servicing_failed:          { status: 500, retry: false },
  erase_failed:              { status: 500, retry: false },
} as const satisfies Record<string, { status: number; retry: boolean }>

export type FaultCode = keyof typeof faults

/** What went wrong, as this layer sees it. `message` never repeats the cause; whoever reports prints the chain (`explain`). */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly details: Record<string, unknown>

  constructor(code: FaultCode, message: string, { cause, ...details }: ErrorOptions & Record<string, unknown> = {}) {
    super(message, { cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return faults[this.code].status
  }

  get retry(): boolean {
    return faults[this.code].retry
  }
}

export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)

// Node’s hint at an option of its own program, which nobody who reads this can give.
const nodesAdvice = /; if the root CA is installed locally, try running Node\.js with --use-system-ca/

// OpenSSL’s own words: thread, code, library, function, reason, source file, line.
const openSslError = /\b[0-9A-F]{8,16}:error:[0-9A-F]+:([^:]*):[^:]*:([^:]*):[^:\s]*:\d+:.*/g

/** A message in one line, without what is meant for programmers only. */
const plain = (said: string): string =>
  said
    .replace(nodesAdvice, '')
    .replace(openSslError, (_, library: string, reason: string) =>
      reason === 'wrong version number' ? 'it does not speak TLS (https) there' : `${reason} (${library})`,
    )
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()

/** The whole chain of causes in one line: what each layer failed to do, outermost first. */
export function explain(error: unknown): string {
  const parts: string[] = []
  for (
    let at = error;
    at !== undefined && at !== null && parts.length < 8;
    at = at instanceof Error ? at.cause : undefined
  ) {
    const said = at instanceof Error ? at.message || at.name : typeof at === 'string' ? at : JSON.stringify(at)
    const text = plain(said)
    if (text && !parts.at(-1)?.includes(text)) parts.push(text)
  }
  return parts.join(': ')
}

/** Every fault with its status, for documentation and tests. */
export const faultTable: Readonly<Record<FaultCode, { status: number; retry: boolean }>> = faults
