import type { AgentParts } from './agent.ts'
import { inspect, type Inspected } from './inspect/inspect.ts'

/** An inspection, when the boot parameters ask for one: by a URL, or by collectors alone for the API's own. */
export async function inspectIfAsked(parts: AgentParts): Promise<Inspected | undefined> {
  const { config, client, hardware, clock, log, signal } = parts
  const collectors = config['ipa-inspection-collectors']
  const [api] = config['ipa-api-url']
  const own = collectors && api ? `${api}/v1/continue_inspection` : undefined
  const url = config['ipa-inspection-callback-url'] ?? own
  if (url === undefined) return undefined
  return inspect({
    url,
    collectors: collectors ?? [],
    bootMac: config.BOOTIF?.split(/[-:]/).slice(-6).join(':').toLowerCase(),
    dhcp: {
      timeoutMs: config['ipa-inspection-dhcp-wait-timeout'],
      everyInterface: config['ipa-inspection-dhcp-all-interfaces'],
    },
    send: (to, data, until) => client.inspected(to, data, until),
    hardware,
    clock,
    log,
    signal,
  })
}
