import { randomUUID } from 'node:crypto'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import { versionMismatch } from '@ferrite/shared/contracts/agent-api'
import { agentCommands } from '@ferrite/shared/contracts/agent-commands'
import type { AgentCommandName } from '@ferrite/shared/contracts/agent-commands'
import type { Progress } from '@ferrite/shared/contracts/callback'
import { Fault, explain, isFault } from '@ferrite/shared/fault'
import type { CommandContext, CommandTable } from './command.ts'
import { commandError } from './command-error.ts'
import { commandNamed } from './command-name.ts'
import { idempotency } from './idempotency.ts'
import { checkedParams } from './params.ts'

export type RunnerOptions = {
  table: CommandTable
  context: Omit<CommandContext, 'signal' | 'onProgress' | 'execute'>
  /** Aborts what runs when the agent stops. */
  signal: AbortSignal
  onAsyncEnd: () => void
}

/** `key`: what the caller calls this request; the same again gives the same command. */
export type Asked = { name: string; params: Record<string, unknown>; key?: string | undefined }

/** One command at a time; the ended ones are remembered for the life of the agent, oldest first. */
export interface Runner {
  /** The command as it stands: ended for synchronous ones. Fault invalid, not_found or agent_busy when it did not begin. */
  submit(asked: Asked): Promise<Command>
  /** The command once it has ended. Fault not_found. */
  ended(id: string, signal?: AbortSignal): Promise<Command>
  get(id: string): Command
  list(): Command[]
  /** The running command that has told its progress. */
  progress(): { id: string; name: string; progress: Progress } | undefined
}

type Entry = { command: Command; end: Promise<void>; progress?: Progress }

export function createRunner(options: RunnerOptions): Runner {
  const entries = new Map<string, Entry>()
  const seen = idempotency<Entry>()
  let turn: Promise<unknown> = Promise.resolve()

  function begin({ name, params, key }: Asked): Entry {
    const repeated = seen.find(key, { name, params })
    if (repeated) return repeated
    const named = commandNamed(name)
    const last = [...entries.values()].at(-1)
    if (last?.command.command_status === 'RUNNING') {
      throw new Fault('agent_busy', `Agent is busy: executing command ${last.command.command_name}`)
    }
    const entry = start(options, named(), params)
    entries.set(entry.command.id, entry)
    seen.keep(key, { name, params }, entry)
    return entry
  }

  const entry = (id: string): Entry => {
    const found = entries.get(id)
    if (!found) throw new Fault('not_found', `Not found: Command Result with id ${id} not found.`)
    return found
  }

  return {
    async submit(asked) {
      // Synchronous commands are waited for one after the other, as callers of IPA are.
      const mine = turn.then(async () => {
        const begun = begin(asked)
        if (isSync(asked.name)) await begun.end
        return begun.command
      })
      turn = mine.catch(() => undefined)
      return { ...(await mine) }
    },
    async ended(id, signal) {
      const { end, command } = entry(id)
      await (signal ? Promise.race([end, aborted(signal)]) : end)
      return { ...command }
    },
    get: (id) => ({ ...entry(id).command }),
    list: () => [...entries.values()].map(({ command }) => ({ ...command })),
    progress() {
      const last = [...entries.values()].at(-1)
      if (last?.command.command_status !== 'RUNNING' || !last.progress) return undefined
      return { id: last.command.id, name: last.command.command_name, progress: last.progress }
    },
  }
}

const isSync = (name: string): boolean => agentCommands[name as AgentCommandName]?.mode === 'sync'

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Fault('aborted', 'stopped waiting for a command')), {
      once: true,
    })
  })

function start(options: RunnerOptions, name: AgentCommandName, params: Record<string, unknown>): Entry {
  const bare = name.slice(name.indexOf('.') + 1)
  const command: Command = {
    id: randomUUID(),
    command_name: bare,
    command_status: 'RUNNING',
    command_error: null,
    command_result: null,
  }
  const checked = checkedParams(name, params, options.context.lookup())
  const entry: Entry = { command, end: Promise.resolve() }
  const log = options.context.log.child({ command: name, command_id: command.id })
  const isAsync = agentCommands[name].mode === 'async'
  entry.end = perform(options, name, checked, { ...options.context, log }, entry)
    .then((result) => {
      const text = isAsync ? `${bare}: ${String(result)}` : result
      command.command_result = typeof result === 'string' ? { result: text } : (result ?? null)
      command.command_status = 'SUCCEEDED'
      log.info('command succeeded')
    })
    .catch((error: unknown) => {
      command.command_error = commandError(error)
      command.command_status = isFault(error, 'version_mismatch') ? versionMismatch : 'FAILED'
      log.error({ err: explain(error) }, 'command failed')
    })
    .finally(() => {
      if (isAsync) options.onAsyncEnd()
    })
  return entry
}

async function perform(
  options: RunnerOptions,
  name: AgentCommandName,
  checked: () => unknown,
  base: RunnerOptions['context'],
  entry: Entry,
): Promise<unknown> {
  const context: CommandContext = {
    ...base,
    signal: options.signal,
    onProgress: (progress) => {
      entry.progress = progress
    },
    execute: (inner, params) => {
      const named = commandNamed(inner)()
      return call(options.table, named, checkedParams(named, params, base.lookup())(), context)
    },
  }
  // The command is listed, and its request answered, before its first effect.
  await new Promise<void>((resolve) => void setImmediate(resolve))
  base.log.info('command started')
  return call(options.table, name, checked(), context)
}

/** The one place where a name and its parameters, checked against each other just before, lose their tie. */
function call(table: CommandTable, name: AgentCommandName, params: unknown, context: CommandContext): Promise<unknown> {
  const run = table[name] as (params: unknown, context: CommandContext) => Promise<unknown>
  return run(params, context)
}
