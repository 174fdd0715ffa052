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
      if (!isRead || attempt > 1 || !isClosedConnection(error)) throw untrusted(client, error) ?? error
      continue
    }
    const busy = response.status === 503 || (isRead && [500, 502, 504].includes(response.status))
    if (!busy || attempt >= tries) return response
    await clock.sleep(250 * 2 ** attempt, request.signal)
  }
}

const isClosedConnection = (error: unknown): boolean =>
  error instanceof Fault && ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(String(error.details['reason']))

// Node's and OpenSSL's words for a certificate that does not hold.
const certificateTrouble = /CERT|SIGNATURE|ISSUER|CRL|HOSTNAME_MISMATCH/

/** A certificate that cannot be verified is no outage: waiting does not help, a setting does. */
function untrusted(client: OutboundClient, error: unknown): Fault | undefined {
  if (!(error instanceof Fault) || !certificateTrouble.test(String(error.details['reason']))) return undefined
  const advice = 'name its CA in driver_info/redfish_verify_ca'
  return new Fault('bmc_refused', `the certificate of the BMC ${client.origin} cannot be verified; ${advice}`, {
    cause: error.cause,
  })
}
