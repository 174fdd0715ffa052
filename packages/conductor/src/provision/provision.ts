import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import { Fault, isFault } from '@ferrite/shared/fault'
import { provisionVerbs } from '@ferrite/shared/provision'
import { timestamp } from '../core/clock.ts'
import type { Caller, Provision } from '../core/services.ts'
import { atOnce, begin, type Asked, type Change } from './begin.ts'
import { checkBody } from './check-body.ts'
import { checkMaintenance, checkProtected, checkState, checkVerb, impossible } from './check-verb.ts'
import { withRunbook } from './ordered-steps.ts'
import type { RequestParts } from './request-parts.ts'
import { abort } from './verbs/abort.ts'
import { clean, provide, service } from './verbs/clean.ts'
import { deploy } from './verbs/deploy.ts'
import { rescue, unrescue } from './verbs/rescue.ts'
import { unhold } from './verbs/unhold.ts'

const lockTries = 3

/** The verbs of PUT states/provision: checked in Ironic's order, then state, target, work and event in one commit. */
export function createProvision(parts: RequestParts): Provision {
  return {
    async request(ident, body, caller, microversion) {
      for (let tries = 1; ; tries += 1) {
        try {
          await requestOnce(parts, ident, body, caller, microversion)
          return parts.wake()
        } catch (error) {
          // A heartbeat was written between the reading and the commit: read and check again, at once.
          const raced = isFault(error, 'conflict') && tries < 10
          const locked = isFault(error, 'node_locked') && error.details['final'] !== true && tries < lockTries
          if (!raced && !locked) throw error
          if (locked) await parts.clock.sleep(1_000)
        }
      }
    },
  }
}

async function requestOnce(
  parts: RequestParts,
  ident: string,
  request: ProvisionRequest,
  caller: Caller,
  microversion: number,
): Promise<void> {
  const node = await parts.store.node(ident)
  if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
  const verb = checkVerb(node, request.target, microversion)
  checkMaintenance(node, verb)
  checkState(node, verb, request.target)
  checkProtected(node, verb)
  const body = await withRunbook(parts.store, node, verb, request, microversion)
  checkBody(node, verb, body, microversion)
  const change = await changeFor(parts, { node, verb, caller }, body)
  await parts.store.commit({ node_uuid: node.uuid, guard: { unlocked: true }, revision: node.revision, ...change })
}

async function changeFor(parts: RequestParts, asked: Asked, body: ProvisionRequest): Promise<Change> {
  const { node, verb } = asked
  switch (provisionVerbs[verb].event) {
    case 'deploy':
    case 'rebuild':
      return deploy(parts, asked, body)
    case 'delete':
      return begin(parts, asked, 'delete')
    case 'manage':
      return node.provision_state === 'enroll' ? begin(parts, asked, 'verify') : atOnce(parts, asked)
    case 'provide':
      return provide(parts, asked)
    case 'clean':
      return clean(parts, asked, body)
    case 'service':
      return service(parts, asked, body)
    case 'inspect':
      return inspect(parts, asked)
    case 'adopt':
      return begin(parts, asked, 'adopt')
    case 'rescue':
      return rescue(parts, asked, body)
    case 'unrescue':
      return unrescue(parts, asked)
    case 'abort':
      return abort(parts, asked)
    case 'unhold':
      return unhold(parts, asked)
    default:
      throw impossible(node, verb)
  }
}

async function inspect(parts: RequestParts, asked: Asked): Promise<Change> {
  await parts.validateFor(asked.node, ['power', 'inspect'])
  return begin(parts, asked, 'inspect', {
    set: { inspection_finished_at: null, inspection_started_at: timestamp(parts.clock.now()) },
  })
}
