import { mask } from '@ferrite/shared/redact'
import type { AgentFacts, FlowStep, NodeRecord } from './node.ts'

/** What Ironic's clients know as `driver_internal_info`, under Ironic's key names; the token is masked. */
export function driverInternalInfo(node: NodeRecord): Record<string, unknown> {
  const { internal } = node
  return withoutUndefined({
    ...agentView(internal.agent),
    ...flowView(node),
    hardware_manager_version: internal.agent_steps?.versions,
    agent_cached_deploy_steps: byInterface(internal.agent_steps?.deploy),
    agent_cached_clean_steps: byInterface(internal.agent_steps?.clean),
    agent_cached_service_steps: byInterface(internal.agent_steps?.service),
    is_whole_disk_image: internal.is_whole_disk_image,
    root_uuid_or_disk_id: internal.root_uuid_or_disk_id,
    deploy_boot_mode: internal.deploy_boot_mode,
    last_power_state_change: internal.last_power_state_change,
    dnsmasq_tag: internal.dnsmasq_tag,
  })
}

function agentView(agent: AgentFacts | undefined): Record<string, unknown> {
  if (!agent) return {}
  return {
    agent_url: agent.url,
    agent_version: agent.version,
    // Ironic keeps this time without a zone.
    agent_last_heartbeat: agent.last_heartbeat?.replace(/(\+00:00|Z)$/, ''),
    agent_verify_ca: agent.verify_ca,
    agent_secret_token: agent.token === undefined ? undefined : mask,
    agent_secret_token_pregenerated: agent.token_pregenerated,
  }
}

function flowView({ internal: { flow } }: NodeRecord): Record<string, unknown> {
  if (flow?.kind !== 'deploy' && flow?.kind !== 'clean' && flow?.kind !== 'service') return {}
  const visible = flow.steps.filter((step) => step.internal !== true)
  const current = flow.steps[flow.index]
  const index = current ? visible.indexOf(current) : -1
  return {
    [`${flow.kind}_steps`]: visible.map(stepView),
    [`${flow.kind}_step_index`]: index < 0 ? null : index,
  }
}

/** A step as clients see it in `deploy_step`, `clean_step` and the lists. */
export const stepView = (step: FlowStep): Record<string, unknown> => ({
  interface: step.interface,
  step: step.step,
  priority: step.priority,
  ...(step.abortable === undefined ? {} : { abortable: step.abortable }),
  ...(step.args === undefined ? { argsinfo: null } : { args: step.args }),
})

function byInterface(steps: FlowStep[] | undefined): Record<string, unknown> | undefined {
  return steps && Object.groupBy(steps.map(stepView), (step) => String(step['interface']))
}

const withoutUndefined = (bag: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(bag).filter(([, value]) => value !== undefined))
