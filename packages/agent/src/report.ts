import type { Heartbeat } from '@ferrite/shared/contracts/callback'
import { version } from '@ferrite/shared/version'
import type { AgentParts } from './agent.ts'
import type { Runner } from './commands/runner.ts'
import { heartbeats } from './heartbeat.ts'
import { reportProgress } from './progress-reporter.ts'
import type { Session } from './session.ts'

type Subject = {
  session: Session
  runner: Runner
  url: string
  certificate: string | undefined
  signal: AbortSignal
}

// IPA's own spacing protects Ironic; a Ferrite conductor answers a heartbeat without a lock.
const spacingMs = 5_000
const ferriteSpacingMs = 1_000

/** All that the agent says by itself: heartbeats, and progress to a conductor that asked for it. */
export function report(
  { client, clock, log }: AgentParts,
  { session, runner, url, certificate, signal }: Subject,
): { force: () => void; ended: Promise<void> } {
  const { nodeUuid, lookup } = session
  if (nodeUuid === undefined || !lookup) return { force: () => {}, ended: whenAborted(signal) }
  const token = () => session.token?.reveal() ?? ''
  const body = (): Heartbeat => ({
    callback_url: url,
    agent_version: version,
    agent_token: token(),
    ...(certificate === undefined ? {} : { agent_verify_ca: certificate }),
  })
  const beats = heartbeats({
    send: (own) => client.heartbeat(nodeUuid, body(), own),
    clock,
    log,
    timeoutMs: lookup.heartbeat_timeout * 1000,
    unseen: () => session.isUnseen,
    spacingMs: lookup.ferrite ? ferriteSpacingMs : spacingMs,
  })
  const parts = [beats.run(signal)]
  const path = lookup.ferrite?.progress_path
  if (path !== undefined) {
    const send = (told: Parameters<typeof client.progress>[1]) => client.progress(path, told, signal)
    parts.push(reportProgress({ runner, nodeUuid, token, send, clock, log, signal }))
  }
  return { force: () => beats.force(), ended: Promise.all(parts).then(() => undefined) }
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
