import { Fault, isFault } from '@ferrite/shared/fault'
import { mask } from '@ferrite/shared/redact'
import { lookupAllowed } from '@ferrite/shared/provision'
import type { LookupAnswer } from '@ferrite/shared/contracts/callback'
import { plainAddress } from '../outbound/addresses.ts'
import type { AgentFacts, NodeRecord } from '../core/node.ts'
import type { Callback } from '../core/services.ts'
import { changeNode } from './change-node.ts'
import type { ProvisionParts } from './parts.ts'

export type LookupParts = ProvisionParts & {
  heartbeatTimeout: number
  allowMd5: boolean
  /** How long after a boot that we commanded its ramdisk may still look itself up. */
  lookupWindowMs: number
  progressPath: string
  /** Boots, as `node epoch`, whose token this process has handed out. */
  handedOut: Set<string>
}

// One answer for a node that is not there and for one that must not be looked up now: neither is told apart.
const notFound = (): Fault => new Fault('not_found', 'Resource could not be found.')

/** Finds the node of a ramdisk that knows only its MAC addresses, and gives it the token of this boot, once. */
export async function lookup(
  parts: LookupParts,
  query: Parameters<Callback['lookup']>[0],
): Promise<LookupAnswer & { node: NodeRecord }> {
  const found = await find(parts, query)
  if (!found || !isAllowed(parts, found)) throw notFound()
  const given = await tokenFor(parts, found, plainAddress(query.peer), query.microversion)
  return { node: given.node, config: configFor(parts, given.token) }
}

async function find({ store }: LookupParts, query: { addresses: string[]; node_uuid?: string }) {
  if (query.node_uuid) {
    const node = await store.node(query.node_uuid)
    return node?.uuid === query.node_uuid ? node : undefined
  }
  const address = query.addresses.map((one) => one.trim().toLowerCase().replaceAll('-', ':'))
  const ports = address.length === 0 ? [] : await store.ports({ address })
  const [uuid, ...others] = new Set(ports.map((port) => port.node_uuid))
  return uuid && others.length === 0 ? store.node(uuid) : undefined
}

function isAllowed(parts: LookupParts, node: NodeRecord): boolean {
  if (!lookupAllowed.has(node.provision_state)) return false
  const booted = node.internal.agent?.booted_at
  return booted !== undefined && parts.clock.now().getTime() - Date.parse(booted) <= parts.lookupWindowMs
}

type Given = { node: NodeRecord; token: string | undefined }

async function tokenFor(parts: LookupParts, found: NodeRecord, peer: string, microversion: number): Promise<Given> {
  const { uuid } = found
  if (microversion < 62) return { node: await changeNode(parts.store, uuid, () => undefined), token: undefined }
  let minted: string | undefined
  const node = await changeNode(parts.store, uuid, (now) => {
    minted = undefined
    const { agent } = now.internal
    if (!agent || !isAllowed(parts, now)) throw notFound()
    // Rebooted since it asked: it was of the boot before, and the token is for the machine that comes up now.
    if (agent.epoch !== found.internal.agent?.epoch) throw notFound()
    if (agent.token !== undefined && !mayBeLost(parts, uuid, agent, peer)) return undefined
    minted = parts.clock.token()
    return {
      guard: { any: true },
      set: { internal: { ...now.internal, agent: { ...agent, token: minted, looked_up_from: peer } } },
      events: [{ type: 'agent', what: 'looked_up', agent_version: null }],
    }
  })
  if (minted !== undefined) {
    parts.handedOut.add(`${uuid} ${node.internal.agent?.epoch}`)
    return { node, token: minted }
  }
  const first = node.internal.agent?.looked_up_from
  if (first !== undefined && first !== peer) await contention(parts, node, peer)
  return { node, token: mask }
}

/**
 * A token of an earlier life of this process, with which nobody has come yet: the answer that carried it may have died
 * with that life. The same address gets a new one.
 */
function mayBeLost(parts: LookupParts, uuid: string, agent: AgentFacts, peer: string): boolean {
  const ours = parts.handedOut.has(`${uuid} ${agent.epoch}`)
  return !ours && !agent.token_pregenerated && agent.url === undefined && agent.looked_up_from === peer
}

/** Somebody at another address wants a token that is out already: one of the two is not this machine. */
async function contention(parts: LookupParts, node: NodeRecord, peer: string): Promise<never> {
  parts.log.warn({ node: node.uuid, first: node.internal.agent?.looked_up_from, second: peer }, 'token contention')
  const event = { type: 'agent', what: 'token_contention', agent_version: null } as const
  const after = await changeNode(parts.store, node.uuid, (now) => {
    const { agent } = now.internal
    if (!agent || agent.contended_by) return undefined
    const internal = { ...now.internal, agent: { ...agent, contended_by: peer } }
    return { guard: { any: true }, set: { internal }, events: [event] }
  })
  await failUnlessWriting(parts, after)
  throw notFound()
}

// Once the image is being written its secrets are out: a late stranger may not end the deploy of the first.
async function failUnlessWriting(parts: LookupParts, node: NodeRecord): Promise<void> {
  const { flow } = node.internal
  if (flow?.waiting_for === 'command' || node.internal.written) return
  try {
    await parts.store.commit({
      node_uuid: node.uuid,
      guard: { unlocked: true },
      open: { kind: 'resume', args: {}, purpose: 'token contention' },
    })
    parts.wake()
  } catch (error) {
    // Whoever works on the node sees the contention before its next step.
    if (!isFault(error, 'node_locked')) throw error
  }
}

function configFor(parts: LookupParts, token: string | undefined): NonNullable<LookupAnswer['config']> {
  return {
    metrics: {
      backend: 'noop',
      prepend_host: false,
      prepend_uuid: false,
      prepend_host_reverse: true,
      global_prefix: null,
    },
    metrics_statsd: { statsd_host: 'localhost', statsd_port: 8125 },
    heartbeat_timeout: parts.heartbeatTimeout,
    agent_token: token ?? null,
    agent_token_required: true,
    agent_md5_checksum_enable: parts.allowMd5,
    disable_deep_image_inspection: false,
    permitted_image_formats: ['raw', 'gpt', 'qcow2', 'iso'],
    agent_containers: {
      allow_arbitrary_containers: false,
      allowed_containers: [],
      container_steps_file: '',
      runner: 'podman',
      pull_options: [],
      run_options: [],
    },
    agent_skip_bmc_detect: false,
    enable_bios_bootloader_install: false,
    tls_min_version: '1.2',
    tls_cipher_suites: null,
    ferrite: { progress_path: parts.progressPath },
  }
}
