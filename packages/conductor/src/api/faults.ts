import { explain, Fault, isFault } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import { Refusal } from './refusal.ts'

export type ErrorAnswer = {
  status: number
  headers: Readonly<Record<string, string>>
  body: unknown
  /** What went wrong, for the log; undefined when the client was merely refused. */
  bug: unknown
}

/** Any thrown value as an answer: Ironic's envelope below /v1, problem+json below /ferrite. No stack ever leaves. */
export function errorAnswer(error: unknown, path: string, requestId: string): ErrorAnswer {
  const known = asKnown(error, requestId)
  const status = known.status
  // Busy is no bug: it is what was meant to be answered. A disk that is full is somebody's to look after.
  const bug = status >= 500 && (status !== 503 || isFault(known, 'storage_failed')) ? error : undefined
  const text = maskedText(known instanceof Fault ? explain(known) : known.message)
  if (path.startsWith('/ferrite/')) {
    const code = known instanceof Fault ? known.code : 'refused'
    return {
      status,
      bug,
      headers: { 'content-type': 'application/problem+json' },
      body: { type: `urn:ferrite:fault:${code}`, title: code, status, code, detail: text, request_id: requestId },
    }
  }
  const inner =
    known instanceof Refusal
      ? { code: status, title: known.title, description: text }
      : { faultcode: status >= 500 ? 'Server' : 'Client', faultstring: text, debuginfo: null }
  const headers = known instanceof Refusal ? known.headers : retryHeaders(known)
  return { status, bug, headers, body: { error_message: JSON.stringify(inner) } }
}

function retryHeaders({ status, details }: Fault): Record<string, string> {
  if (status !== 503 && status !== 429) return {}
  const { retryAfter } = details
  return { 'retry-after': String(typeof retryAfter === 'number' ? retryAfter : 5) }
}

function asKnown(error: unknown, requestId: string): Fault | Refusal {
  if (error instanceof Fault || error instanceof Refusal) return error
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Fault('too_large', 'The request body is larger than allowed')
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new Fault('invalid', 'The request could not be read', { cause: error })
  }
  return new Fault('bug', `An unexpected error happened; the log has it under ${requestId}`)
}
