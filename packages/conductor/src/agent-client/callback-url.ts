import { isIP } from 'node:net'
import { Fault } from '@ferrite/shared/fault'
import { plainAddress, within } from '../outbound/addresses.ts'

export type CallbackPolicy = { requireTls: boolean; cidrs: readonly string[] }

/** The origin of an agent that may be called. Fault invalid says what is wrong with the URL and which setting rules it. */
export function checkCallbackUrl(text: string, peer: string, policy: CallbackPolicy): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) throw refuse(text, 'it must be an http or https URL')
  if (url.username || url.password) throw refuse(url.host, 'it must not hold a user name')
  if (url.pathname !== '/' || url.search || url.hash) throw refuse(url.origin, 'it must not hold a path or a query')
  const host = plainAddress(url.hostname.replace(/^\[|\]$/g, ''))
  if (!isIP(host)) throw refuse(url.origin, 'its host must be an IP address')
  checkHost(host, plainAddress(peer), policy.cidrs, url.origin)
  if (url.protocol === 'http:' && policy.requireTls && !within(host, ['127.0.0.0/8', '::1/128'])) {
    throw new Fault(
      'invalid',
      `TLS is required by configuration, but the callback URL ${url.origin} is not https (setting agent_require_tls)`,
    )
  }
  return url.origin
}

const loopback = ['127.0.0.0/8', '::1/128']
const never = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32', '::/128', 'fe80::/10', 'ff00::/8']

function checkHost(host: string, peer: string, cidrs: readonly string[], shown: string): void {
  if (within(host, never)) throw refuse(shown, `the address ${host} is none that an agent can have`)
  if (within(host, loopback) && !within(peer, loopback)) {
    throw refuse(shown, 'a loopback address is accepted from this machine only')
  }
  // A forwarder on this machine (a lab's namespace, a port forward) hides the agent's address. Who can dial our loopback
  // is on our side already; where a proxy stands there for the whole network, agent_callback_cidrs says what is allowed.
  if (within(peer, loopback) && cidrs.length === 0) return
  if (host !== peer && !within(host, cidrs)) {
    throw refuse(
      shown,
      `the agent calls from ${peer}; an agent behind NAT needs its network in the setting agent_callback_cidrs`,
    )
  }
}

const refuse = (shown: string, why: string): Fault =>
  new Fault('invalid', `the callback URL ${shown.slice(0, 200)} is refused: ${why}`)
