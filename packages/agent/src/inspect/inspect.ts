import { inspectionAnswer } from '@ferrite/shared/contracts/inspection'
import { lookupAnswer, type LookupAnswer } from '@ferrite/shared/contracts/callback'
import { Fault, explain } from '@ferrite/shared/fault'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Hardware } from '../hardware/hardware.ts'
import { collect, usualCollectors } from './collect.ts'
import { waitForAddress } from './wait-for-address.ts'

export type InspectOptions = {
  /** Where to send what was found. */
  url: string
  collectors: readonly string[]
  /** Undefined: the interface that booted is not known. */
  bootMac: string | undefined
  dhcp: { timeoutMs: number; everyInterface: boolean }
  send: (url: string, data: unknown, signal: AbortSignal) => Promise<{ status: number; text: string }>
  hardware: Hardware
  clock: Clock
  log: Logger
  signal: AbortSignal
}

/** What the conductor said: who we are, and perhaps all that a lookup would tell. */
export type Inspected = { nodeUuid?: string | undefined; answer?: LookupAnswer | undefined }

const attempts = 5

/** Looks at the machine and tells the conductor, before anybody needs to know who we are. What fails is logged: the lookup comes next. */
export async function inspect(options: InspectOptions): Promise<Inspected> {
  const { hardware, log, signal } = options
  try {
    await waitForAddress(options)
    const names = options.collectors.length > 0 ? options.collectors : usualCollectors
    const data = await collect(hardware, names, log)
    log.info({ url: options.url, collectors: names }, 'sending what the inspection found')
    return read(await sendPatiently(options, data))
  } catch (error) {
    signal.throwIfAborted()
    log.error({ err: explain(error) }, 'the inspection was given up')
    return {}
  }
}

/** Again after 5 to 30 seconds while the conductor is busy, broken or not there; what it refuses it will refuse again. */
async function sendPatiently(options: InspectOptions, data: unknown): Promise<string> {
  const { send, url, clock, log, signal } = options
  for (let attempt = 1; ; attempt += 1) {
    let reason: unknown
    try {
      const { status, text } = await send(url, data, signal)
      if (status < 300) return text
      reason = new Fault('lookup_failed', `the inspection data was refused with ${status}: ${text.slice(0, 300)}`)
      if (status < 500 && status !== 409) throw reason
    } catch (error) {
      signal.throwIfAborted()
      if (error === reason) throw error
      reason = error
    }
    if (attempt >= attempts) throw reason
    const pauseMs = Math.min(30_000, Math.max(5_000, clock.between(0, 1_500 * 2 ** attempt)))
    log.warn({ err: explain(reason), pauseMs: Math.round(pauseMs) }, 'inspection data not delivered, trying again')
    await clock.sleep(pauseMs, signal)
  }
}

function read(text: string): Inspected {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {} // old inspectors answer nothing: the lookup goes by addresses
  }
  const whole = lookupAnswer.safeParse(value)
  if (whole.success && whole.data.config) return { nodeUuid: whole.data.node.uuid, answer: whole.data }
  const told = inspectionAnswer.safeParse(value)
  return { nodeUuid: told.data?.node?.uuid ?? told.data?.uuid }
}
