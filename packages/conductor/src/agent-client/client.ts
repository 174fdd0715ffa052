import { agentFault, command, commandList, fenceHeader, idempotencyHeader } from '@ferrite/shared/contracts/agent-api'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import { agentCommands } from '@ferrite/shared/contracts/agent-commands'
import type { AgentCommandName, ParamsInputOf, ResultOf } from '@ferrite/shared/contracts/agent-commands'
import { Fault, isFault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import type { Clock } from '../core/clock.ts'
import type { AgentClient } from '../core/task.ts'
import { openOutbound, type OutboundClient, type OutboundResponse } from '../outbound/client.ts'
import { BoundCredential } from '../outbound/credential.ts'

export type AgentAddress = {
  url: string
  token: Secret
  /** PEM that the agent's certificate must be or be signed by; without it the system's authorities decide. */
  verifyCa?: string
  insecure?: boolean
}
export type AgentOptions = {
  clock: Clock
  signal: AbortSignal
  commandTimeoutMs: number
  pollMs: number
  /** Stable over retries and restarts for the same command of the same step; the agent may use it to drop duplicates. */
  keyFor(name: AgentCommandName): string
  fence: number
}

const attempts = 3
const longestRunMs = 600_000
/** A look can be repeated; while it waits, nobody else can have the node. */
const longestLookMs = 20_000
const bareName = (name: string): string => name.slice(name.indexOf('.') + 1)

/** Talks to one agent as Ironic does: token in the query, commands by POST, their ends by GET of the list. */
export function openAgentClient(address: AgentAddress, options: AgentOptions): AgentClient & AsyncDisposable {
  const http = openOutbound({
    origin: address.url,
    credential: BoundCredential.query(address.url, 'agent_token', address.token),
    unreachable: 'agent_unreachable',
    limits: {
      firstByteMs: options.commandTimeoutMs,
      idleMs: options.commandTimeoutMs,
      totalMs: options.commandTimeoutMs,
      // Collected logs come as one JSON string.
      maxBytes: 64 * 1024 * 1024,
    },
    tls: {
      ...(address.verifyCa === undefined ? {} : { ca: address.verifyCa }),
      ...(address.insecure ? { insecure: true } : {}),
    },
    connections: 2,
  })
  const agent: Agent = { http, options }
  return {
    commands: () => list(agent),
    start: (name, params) => start(agent, name, params),
    run: (name, params) => run(agent, name, params),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

type Agent = { http: OutboundClient; options: AgentOptions }

async function list({ http, options }: Agent): Promise<Command[]> {
  const ms = Math.min(longestLookMs, options.commandTimeoutMs)
  const limits = { firstByteMs: ms, idleMs: ms, totalMs: ms }
  const answer = await http.request({ path: '/v1/commands/', signal: options.signal, limits })
  return parsed('its commands', commandList.safeParse(checked(answer, 'to list its commands'))).commands
}

async function start<C extends AgentCommandName>(agent: Agent, name: C, params: ParamsInputOf<C>): Promise<Command> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post(agent, name, params)
    } catch (error) {
      if (!isFault(error, 'agent_unreachable')) throw error
      const delivered = error.details['sent'] === true ? await delivery(agent, name) : undefined
      if (delivered) return delivered
      if (attempt >= attempts) throw error
      await agent.options.clock.sleep(1_000 * attempt, agent.options.signal)
    }
  }
}

/** After a lost answer: the agent's last command, when it is the one that was asked for. */
async function delivery(agent: Agent, name: AgentCommandName): Promise<Command | undefined> {
  const last = await list(agent).then(
    (commands) => commands.at(-1),
    () => undefined, // still unreachable: the caller tries again and reports
  )
  return last?.command_name === bareName(name) && last.command_status === 'RUNNING' ? last : undefined
}

async function post({ http, options }: Agent, name: AgentCommandName, params: unknown): Promise<Command> {
  const answer = await http.request({
    method: 'POST',
    path: '/v1/commands/',
    // Ironic does not wait for the end of this one: it must be in the first answer.
    query: { wait: String(agentCommands[name].mode === 'sync' && name !== 'rescue.finalize_rescue') },
    headers: { [idempotencyHeader]: options.keyFor(name), [fenceHeader]: String(options.fence) },
    body: { name, params },
    signal: options.signal,
  })
  return parsed(`the answer to ${name}`, command.safeParse(checked(answer, name)))
}

/** The JSON of a good answer. Fault agent_busy or agent_refused with the agent's own words otherwise. */
function checked(answer: OutboundResponse, what: string): unknown {
  if (answer.status < 400) return answer.json()
  const fault = agentFault.safeParse(safeJson(answer))
  const words = fault.success ? fault.data.faultstring : `HTTP ${answer.status}`
  const busy = answer.status === 409 || words.toLowerCase().includes('agent is busy')
  throw new Fault(busy ? 'agent_busy' : 'agent_refused', `the agent refused ${what}: ${words}`, {
    status: answer.status,
  })
}

function safeJson(answer: OutboundResponse): unknown {
  try {
    return answer.json()
  } catch {
    return undefined // an error page; its status is reported instead
  }
}

function parsed<T>(what: string, result: { success: true; data: T } | { success: false; error: Error }): T {
  if (result.success) return result.data
  throw new Fault('agent_refused', `the agent sent ${what} in a form that is not understood`, { cause: result.error })
}

async function run<C extends AgentCommandName>(agent: Agent, name: C, params: ParamsInputOf<C>): Promise<ResultOf<C>> {
  const ended = await waitForEnd(agent, await start(agent, name, params))
  if (ended.command_status !== 'SUCCEEDED') {
    throw new Fault('agent_command_failed', `the agent’s command ${name} failed: ${errorText(ended)}`)
  }
  const result: unknown = parsed(
    `the result of ${name}`,
    agentCommands[name].result.safeParse(ended.command_result) as { success: true; data: unknown },
  )
  return result as ResultOf<C>
}

async function waitForEnd(agent: Agent, started: Command): Promise<Command> {
  const { clock, pollMs, signal } = agent.options
  const begun = clock.monotonicMs()
  let at = started
  let pause = Math.min(200, pollMs)
  while (at.command_status === 'RUNNING') {
    if (clock.monotonicMs() - begun > longestRunMs) {
      throw new Fault('timeout', `the agent’s command ${at.command_name} has not ended in ${longestRunMs / 1000} s`)
    }
    await clock.sleep(pause, signal)
    // Most commands are short; the long ones are not asked too often.
    pause = Math.min(pause * 2, pollMs)
    const found = (await list(agent)).findLast((one) => one.id === started.id)
    if (!found)
      throw new Fault('agent_unreachable', `the agent forgot its command ${at.command_name}: it was restarted`)
    at = found
  }
  return at
}

/** What the agent says about a command that failed: details, else message, else the whole as text. */
export function errorText({ command_error }: Command): string {
  if (typeof command_error === 'string') return command_error
  const { details, message } = (command_error ?? {}) as { details?: unknown; message?: unknown }
  for (const text of [details, message]) if (typeof text === 'string' && text) return text
  return command_error ? JSON.stringify(command_error) : 'no reason was given'
}
