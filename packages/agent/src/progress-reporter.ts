import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import type { ProgressReport } from '@ferrite/shared/contracts/callback'
import type { Runner } from './commands/runner.ts'
import type { Clock } from './clock.ts'

const intervalMs = 1_000

export type ReporterOptions = {
  runner: Pick<Runner, 'progress'>
  nodeUuid: string
  token: () => string
  send: (report: ProgressReport) => Promise<void>
  clock: Clock
  log: Logger
  signal: AbortSignal
}

/** Tells the progress of the running command once a second. A report that fails is only logged: the next one has it all. */
export async function reportProgress(options: ReporterOptions): Promise<void> {
  const { runner, nodeUuid, token, send, clock, log, signal } = options
  let told = ''
  let isFailing = false
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal).catch(() => undefined)
    const current = runner.progress()
    const state = JSON.stringify(current)
    if (signal.aborted || !current || state === told) continue
    const { id, name, progress } = current
    try {
      await send({ node_uuid: nodeUuid, agent_token: token(), command_id: id, command_name: name, progress })
      told = state
      isFailing = false
    } catch (error) {
      if (!isFailing && !signal.aborted) log.warn({ err: explain(error) }, 'progress report failed')
      isFailing = true
    }
  }
}
