import { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import type { OutboundClient, OutboundRequest, OutboundResponse } from '../../outbound/client.ts'

const tries = 4

/** Asks a BMC that says it is busy again, up to four times, and one that had closed a kept connection once more. */
export const patient = (client: OutboundClient, clock: Clock): OutboundClient => ({
  origin: client.origin,
  request: (request) => ask(client, clock, request),
  [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
})

async function ask(client: OutboundClient, clock: Clock, request: OutboundRequest): Promise<OutboundResponse> {
  const isRead = (request.method ?? 'GET') === 'GET'
  for (let attempt = 1; ; attempt += 1) {
    let response: OutboundResponse
    try {
      response = await client.request(request)
    } catch (error) {
      // Only a reading may be repeated when nobody knows whether it arrived.
      if (!isRead || attempt > 1 || !isClosedConnection(error)) throw error
      continue
    }
    const busy = response.status === 503 || (isRead && [500, 502, 504].includes(response.status))
    if (!busy || attempt >= tries) return response
    await clock.sleep(250 * 2 ** attempt, request.signal)
  }
}

const isClosedConnection = (error: unknown): boolean =>
  error instanceof Fault && ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(String(error.details['reason']))
