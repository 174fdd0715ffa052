import { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import type { OutboundClient, OutboundRequest, OutboundResponse } from '../../outbound/client.ts'

const tries = 4
const longestRetryAfterMs = 10_000
const mostRedirects = 3

/**
 * Asks a BMC that says it is busy again, up to four times, and one that had closed a kept connection once more. Goes where
 * a BMC sends us within its own origin, as those do that want a slash at the end of a path, or none.
 */
export const patient = (client: OutboundClient, clock: Clock): OutboundClient => ({
  origin: client.origin,
  request: (request) => follow(client, clock, request),
  [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
})

async function follow(client: OutboundClient, clock: Clock, request: OutboundRequest): Promise<OutboundResponse> {
  // Only these keep the method; after the others a POST would have become a GET.
  const statuses = (request.method ?? 'GET') === 'GET' ? [301, 302, 303, 307, 308] : [307, 308]
  let at = request.path
  for (let hops = 0; ; hops += 1) {
    const response = await ask(client, clock, { ...request, path: at })
    const location = response.headers['location']
    if (!location || !statuses.includes(response.status)) return response
    const target = URL.parse(location, new URL(at, client.origin))
    if (target?.origin !== client.origin) throw sentAway(client, location)
    if (hops >= mostRedirects) throw new Fault('bmc_lied', `the BMC ${client.origin} sends us in circles`)
    at = target.pathname + target.search
  }
}

function sentAway(client: OutboundClient, location: string): Fault {
  const elsewhere = URL.parse(location, client.origin)?.origin ?? 'nowhere'
  const advice = 'if that is where it is to be asked, name it in driver_info/redfish_address'
  return new Fault('off_origin', `the BMC ${client.origin} sends us to ${elsewhere}, which is not followed; ${advice}`)
}

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
    await clock.sleep(Math.max(250 * 2 ** attempt, retryAfterMs(response)), request.signal)
  }
}

/** What the BMC asks for, in seconds; those that name a date are asked as all others. */
function retryAfterMs({ headers }: OutboundResponse): number {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1_000, longestRetryAfterMs) : 0
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
