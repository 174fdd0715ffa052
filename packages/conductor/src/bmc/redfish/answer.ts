import { Fault } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import type { OutboundResponse } from '../../outbound/client.ts'

const deepest = 32

/** The body of an answer as an object, {} when empty. Fault bmc_lied when it is anything but a JSON object. */
export function objectIn(response: OutboundResponse, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = response.json() ?? {}
  } catch (cause) {
    throw new Fault('bmc_lied', `the BMC answers ${what} with something that is not JSON`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Fault('bmc_lied', `the BMC answers ${what} with something that is not an object`)
  }
  if (depthOf(value, deepest + 1) > deepest) {
    throw new Fault('bmc_lied', `the BMC answers ${what} with objects nested deeper than ${deepest}`)
  }
  return value as Record<string, unknown>
}

function depthOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null || limit === 0) return 0
  return 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner, limit - 1)))
}

/** What the BMC itself says about an error, made fit for a log line; '' when it says nothing. */
export const messageIn = (response: OutboundResponse): string => messageOf(bodyIn(response))

/** Ids of the messages in an answer, without registry and version: `Base.1.8.PropertyMissing` → `PropertyMissing`. */
export function messageIdsIn(response: OutboundResponse): string[] {
  const body = bodyIn(response)
  const error = property(body, 'error')
  const lists = [error, body].flatMap((one) => property(one, '@Message.ExtendedInfo') ?? [])
  const ids = [property(error, 'code'), ...lists.map((one) => property(one, 'MessageId') ?? property(one, 'MessageID'))]
  return ids.filter((id) => typeof id === 'string').map((id) => id.split('.').at(-1) ?? id)
}

/** The properties that the messages of an answer are about, as they name them: `#/TransferMethod`. */
export function relatedIn(response: OutboundResponse): string[] {
  const body = bodyIn(response)
  const lists = [property(body, 'error'), body].flatMap((one) => property(one, '@Message.ExtendedInfo') ?? [])
  return lists
    .flatMap((one) => [property(one, 'RelatedProperties'), property(one, 'MessageArgs')])
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    .filter((one) => typeof one === 'string')
}

/** The body of an answer; undefined when it is empty or no JSON. */
export function bodyIn(response: OutboundResponse): unknown {
  try {
    return response.json()
  } catch {
    // An HTML error page says nothing that we could show.
    return undefined
  }
}

export function messageOf(body: unknown): string {
  const error = property(body, 'error') ?? body
  const info = property(error, '@Message.ExtendedInfo') ?? property(error, 'Messages')
  const messages = (Array.isArray(info) ? info : [info]).map((one) => property(one, 'Message'))
  const texts = [...messages, property(error, 'message')].filter(
    (one): one is string => typeof one === 'string' && one !== '',
  )
  const [first, second] = texts
  const general = /general error has occurred/i
  return clean([first, second].filter((text) => text && !(texts.length > 1 && general.test(text))).join(' '))
}

export const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

// A BMC's text ends up in logs and in last_error: printable, short, without secrets.
const clean = (text: string): string =>
  maskedText(
    text
      .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  ).slice(0, 300)
