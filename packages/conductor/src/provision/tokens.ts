import { createHash, timingSafeEqual } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import type { AgentFacts } from '../core/node.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares without telling by its time how much was right. False when there is no token at all. */
export function isToken(agent: AgentFacts | undefined, given: string): boolean {
  const equal = timingSafeEqual(digest(agent?.token ?? ''), digest(given))
  return equal && agent?.token !== undefined && agent.token !== ''
}

/** Fault invalid in Ironic's words. */
export function checkToken(agent: AgentFacts | undefined, given: string | undefined): void {
  if (!given) throw new Fault('invalid', 'Agent token is required for heartbeat processing.')
  if (!isToken(agent, given)) throw new Fault('invalid', 'Invalid or missing agent token received.', { badToken: true })
}
