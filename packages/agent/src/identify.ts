import { Fault } from '@ferrite/shared/fault'
import type { AgentParts } from './agent.ts'
import type { Inspected } from './inspect/inspect.ts'
import { lookUp } from './lookup.ts'
import type { Session } from './session.ts'
import { adoptToken } from './token.ts'

/** Asks the conductor who we are. Fault lookup_failed, forbidden. */
export async function identify(
  { config, hardware, client, clock, log, signal }: AgentParts,
  inspected: Inspected,
): Promise<Session> {
  const own = config['ipa-agent-token']
  if (config['ipa-standalone']) {
    return { token: own, nodeUuid: undefined, lookup: undefined, memory: {}, isUnseen: false }
  }
  if (config['ipa-api-url'].length === 0) {
    throw new Fault(
      'missing_parameter',
      'the kernel parameter ipa-api-url is missing: whom should the agent report to?',
    )
  }
  const addresses = await hardware.macAddresses()
  log.info({ addresses, api: config['ipa-api-url'] }, 'looking up who we are')
  const known = inspected.answer?.config && { node: inspected.answer.node, config: inspected.answer.config }
  const { node, config: answered } =
    known ??
    (await lookUp({
      client,
      addresses,
      nodeUuid: inspected.nodeUuid,
      clock,
      log,
      signal,
      timeoutMs: config['ipa-lookup-timeout'],
      intervalMs: config['ipa-lookup-interval'],
    }))
  const token = adoptToken(own, answered.agent_token)
  const { agent_token: _secret, ...lookup } = answered
  log.info({ node: node.uuid, heartbeat_timeout: answered.heartbeat_timeout, token: token !== undefined }, 'looked up')
  return { token, nodeUuid: node.uuid, lookup, memory: { node }, isUnseen: true }
}
