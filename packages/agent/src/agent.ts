import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { advertisedHost, callbackUrl } from './advertise.ts'
import { createGate } from './api/gate.ts'
import { agentApi } from './api/server.ts'
import type { ApiTls } from './api/server.ts'
import type { Clock } from './clock.ts'
import { createRunner } from './commands/runner.ts'
import type { Runner } from './commands/runner.ts'
import { commands } from './commands/table.ts'
import type { ConductorClient } from './conductor-client.ts'
import type { AgentConfig } from './config.ts'
import type { Hardware } from './hardware/hardware.ts'
import { settingsFrom } from './settings.ts'
import { inspectIfAsked } from './inspect-if-asked.ts'
import { identify } from './identify.ts'
import { report } from './report.ts'
import type { Session } from './session.ts'
import { serverTls } from './server-tls.ts'

export type AgentParts = {
  config: AgentConfig
  hardware: Hardware
  client: ConductorClient
  clock: Clock
  log: Logger
  /** Ends the life. */
  signal: AbortSignal
  /** Told the callback URL once the API listens. */
  onServing?: (url: string) => void
  /** Given the commands to look at, for a screen. */
  onRunner?: ((runner: Pick<Runner, 'list' | 'progress'>) => void) | undefined
}

/**
 * The agent's life: ask who we are, serve commands, tell the conductor that we live. It returns when the signal is aborted,
 * or when a lockdown was commanded. Fault lookup_failed when nobody knows us, forbidden when our token went to somebody else.
 */
export async function liveAgent(parts: AgentParts): Promise<void> {
  const { config, log, clock, signal } = parts
  const inspected = await inspectIfAsked(parts)
  if (inspected && config['ipa-api-url'].length === 0 && !config['ipa-standalone']) {
    return log.info('inspected; nobody is to be served, as no ipa-api-url is given')
  }
  const session = await identify(parts, inspected ?? {})
  const { host, tls } = await front(parts, session)
  const life = new AbortController()
  const end = AbortSignal.any([signal, life.signal])
  const ended = { tell: nothing }
  const runner = runnerFor(parts, session, {
    lockDown: () => life.abort(),
    retire: () => life.abort(),
    onAsyncEnd: () => ended.tell(),
  })
  parts.onRunner?.(runner)
  const gate = createGate({ token: () => session.token, clock, log })
  const onSeen = () => {
    session.isUnseen = false
  }
  const api = await agentApi({ runner, gate, log, startedAt: clock.now(), tls, onSeen })
  try {
    const port = await listen(api, config)
    const url = callbackUrl(tls ? 'https' : 'http', host, config['ipa-advertise-port'] ?? port)
    log.info({ url, node: session.nodeUuid }, 'serving')
    parts.onServing?.(url)
    const reporting = report(parts, { session, runner, url, certificate: tls?.cert, signal: end })
    ended.tell = () => {
      session.isUnseen = true
      reporting.force()
    }
    await reporting.ended
  } finally {
    life.abort()
    await api.close()
    log.info('stopped serving')
  }
}

const nothing = () => {}

async function front(
  { config, client, clock, log, signal }: AgentParts,
  { lookup }: Session,
): Promise<{ host: string; tls: ApiTls | undefined }> {
  if (!lookup) return { host: config['ipa-advertise-host'] ?? '127.0.0.1', tls: undefined }
  const minor = await client.minorVersion(signal)
  const host = await advertisedHost({
    host: config['ipa-advertise-host'],
    apiUrl: client.url(),
    networkInterface: config['ipa-network-interface'],
    attempts: config['ipa-ip-lookup-attempts'],
    pauseMs: config['ipa-ip-lookup-timeout'],
    clock,
    log,
    signal,
  })
  return { host, tls: await serverTls({ config, minor, host, lookup, now: clock.now(), log }) }
}

function runnerFor(
  { config, hardware, log, signal }: AgentParts,
  session: Session,
  on: { lockDown: () => void; retire: () => void; onAsyncEnd: () => void },
): Runner {
  const settings = settingsFrom(config)
  const { memory } = session
  const lockDown = () => {
    log.warn('locked down on command')
    on.lockDown()
    void hardware.isolate().catch((error: unknown) => log.error({ err: String(error) }, 'links stay up'))
  }
  const retire = () => {
    log.info('the machine is handed over for a rescue')
    on.retire()
  }
  const context = { hardware, log, memory, settings, lockDown, retire, lookup: () => session.lookup }
  return createRunner({ table: commands, context, signal, onAsyncEnd: on.onAsyncEnd })
}

/** The port that was taken. Without IPv6 in the kernel the wildcard is IPv4's. */
async function listen(api: FastifyInstance, config: AgentConfig): Promise<number> {
  const { 'ipa-listen-host': host, 'ipa-listen-port': port } = config
  try {
    await api.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (host !== '::' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error
    await api.listen({ host: '0.0.0.0', port })
  }
  const address = api.server.address()
  return typeof address === 'object' && address ? address.port : port
}
