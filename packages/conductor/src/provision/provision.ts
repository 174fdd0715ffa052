import { Fault, isFault } from '@ferrite/shared/fault'
import { provisionVerbs, type ProvisionVerb } from '@ferrite/shared/provision'
import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import type { Secret } from '@ferrite/shared/secret'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { Caller, Provision } from '../core/services.ts'
import type { Commit } from '../store/store.ts'
import { advance } from './advance.ts'
import { checkBody } from './check-body.ts'
import { checkMaintenance, checkProtected, checkState, checkVerb, impossible } from './check-verb.ts'
import { newFlow } from './new-flow.ts'
import { deployStepsFor, withRunbook } from './ordered-steps.ts'
import type { ProvisionParts } from './parts.ts'
import { flowSteps } from './user-steps.ts'

export type RequestParts = ProvisionParts & {
  /** Power and deploy interfaces validate, the image answers. Fault with Ironic's text otherwise. */
  validateFor(
    node: NodeRecord,
    interfaces: readonly ('power' | 'deploy' | 'network' | 'storage' | 'inspect')[],
  ): Promise<void>
  /** The config drive as it is stored, from text or data. Fault configdrive_invalid. */
  buildConfigdrive(given: NonNullable<ProvisionRequest['configdrive']>, node: NodeRecord): Promise<Secret>
}

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
  asked: ProvisionRequest,
  caller: Caller,
  microversion: number,
): Promise<void> {
  const node = await parts.store.node(ident)
  if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
  const verb = checkVerb(node, asked.target, microversion)
  checkMaintenance(node, verb)
  checkState(node, verb, asked.target)
  checkProtected(node, verb)
  const body = await withRunbook(parts.store, node, verb, asked, microversion)
  checkBody(node, verb, body, microversion)
  const change = await changeFor(parts, node, verb, body, caller)
  await parts.store.commit({ node_uuid: node.uuid, guard: { unlocked: true }, revision: node.revision, ...change })
}

type Change = Omit<Commit, 'node_uuid' | 'guard' | 'revision'>

async function changeFor(
  parts: RequestParts,
  node: NodeRecord,
  verb: ProvisionVerb,
  body: ProvisionRequest,
  caller: Caller,
): Promise<Change> {
  switch (provisionVerbs[verb].event) {
    case 'deploy':
    case 'rebuild':
      return deploy(parts, node, verb, body, caller)
    case 'abort':
      return abort(parts, node, caller)
    case 'delete':
      return begin(parts, node, verb, caller, 'delete')
    case 'manage':
      return node.provision_state === 'enroll' ? begin(parts, node, verb, caller, 'verify') : atOnce(parts, node, verb)
    case 'provide':
    case 'clean':
      return clean(parts, node, verb, body, caller)
    case 'inspect':
      await parts.validateFor(node, ['power', 'inspect'])
      return begin(parts, node, verb, caller, 'inspect', {
        inspection_finished_at: null,
        inspection_started_at: now(parts),
      })
    case 'adopt':
      return begin(parts, node, verb, caller, 'adopt')
    default:
      throw new Fault('unsupported', `Driver ${node.driver} does not support ${verb} (disabled or not implemented).`)
  }
}

const now = (parts: ProvisionParts): string => parts.clock.now().toISOString().replace('Z', '000+00:00')

async function deploy(
  parts: RequestParts,
  node: NodeRecord,
  verb: ProvisionVerb,
  body: ProvisionRequest,
  caller: Caller,
): Promise<Change> {
  await parts.validateFor(node, ['power', 'deploy', 'network', 'storage'])
  const given = body.configdrive ?? configdriveOf(node)
  const keeps = verb === 'rebuild' && given === undefined
  const { configdrive: _moved, ...instance_info } = node.instance_info
  const steps = flowSteps(await deployStepsFor(parts.store, node, body.deploy_steps ?? []))
  const change = begin(
    parts,
    node,
    verb,
    caller,
    'deploy',
    { instance_info, clean_step: {} },
    steps ? { user_steps: steps } : {},
  )
  const configdrive = given === undefined ? null : await parts.buildConfigdrive(given, node)
  return keeps ? change : { ...change, configdrive }
}

/** Clients may also put the config drive into instance_info; it is moved out of the row. */
function configdriveOf({ instance_info }: NodeRecord): NonNullable<ProvisionRequest['configdrive']> | undefined {
  const given = instance_info['configdrive']
  if (typeof given === 'string' && given !== '') return given
  return typeof given === 'object' && given !== null ? given : undefined
}

async function clean(
  parts: RequestParts,
  node: NodeRecord,
  verb: ProvisionVerb,
  body: ProvisionRequest,
  caller: Caller,
): Promise<Change> {
  if (verb === 'clean') {
    await parts.validateFor(node, ['power', 'network'])
    const user_steps = flowSteps(body.clean_steps ?? [])
    return begin(parts, node, verb, caller, 'clean', {}, user_steps ? { user_steps } : {}, 'manageable')
  }
  const wanted = node.automated_clean ?? parts.automatedClean
  if (wanted) await parts.validateFor(node, ['power', 'network'])
  return begin(parts, node, verb, caller, 'clean', {}, { agent_steps_known: !wanted })
}

/** The state moves, a fresh flow is laid down, and the work is opened. */
function begin(
  parts: ProvisionParts,
  node: NodeRecord,
  verb: ProvisionVerb,
  caller: Caller,
  kind: 'deploy' | 'delete' | 'verify' | 'clean' | 'inspect' | 'adopt',
  set: NodeChanges = {},
  flow: Parameters<typeof newFlow>[3] = {},
  target?: 'manageable',
): Change {
  const moved = advance(node, provisionVerbs[verb].event, parts.clock, {
    last_error: null,
    ...(target ? { target } : {}),
  })
  const { agent } = node.internal
  const internal = {
    ...node.internal,
    flow: newFlow(kind, [], parts.clock.now(), flow),
    // What is known of an earlier agent is worth nothing to a new flow; a delete may still have to end it.
    agent: { epoch: agent?.epoch ?? 0 },
    agent_steps: undefined,
  }
  return {
    set: { ...moved.set, ...set, internal, conductor: node.conductor },
    open: { kind: 'provision', args: { verb }, purpose: verb, request_id: caller.request_id },
    events: moved.events,
    history: [
      {
        severity: 'INFO',
        event_type: 'transition',
        event: `The ${verb} operation was requested.`,
        user: caller.user,
        project: caller.project,
        state: node.provision_state,
        target_provision_state: moved.set.target_provision_state ?? null,
      },
    ],
  }
}

function atOnce(parts: ProvisionParts, node: NodeRecord, verb: ProvisionVerb): Change {
  const { set, events } = advance(node, provisionVerbs[verb].event, parts.clock, { last_error: null })
  return { set, events }
}

/** The state moves now; the cleaning up behind it is work. A step that must not be interrupted ends first. */
function abort(parts: ProvisionParts, node: NodeRecord, caller: Caller): Change {
  const { flow } = node.internal
  if (!flow) throw impossible(node, 'abort')
  const step = flow.steps[flow.index]
  if (flow.kind === 'clean' && step?.in_band && step.abortable !== true) {
    return { set: { internal: { ...node.internal, flow: { ...flow, abort_requested: true } } } }
  }
  const last_error = `By request, the ${flow.kind} operation was aborted${step ? ` during step ${step.interface}.${step.step}` : ''}`
  const { set, events } = advance(node, 'abort', parts.clock, { last_error })
  return {
    set: {
      ...set,
      internal: { ...node.internal, flow: { ...flow, failing: { last_error, step_failed: false, aborted: true } } },
    },
    open: { kind: 'fail', args: {}, purpose: 'abort', request_id: caller.request_id },
    events,
  }
}
