import { once } from 'node:events'
import { pino } from 'pino'
import { maskedLine } from '@ferrite/shared/redact'
import { createApi } from './api/server.ts'
import { createConductor } from './conductor.ts'
import type { Config } from './config.ts'
import { systemClock } from './core/clock.ts'
import { openSessionVault } from './keep-sessions.ts'
import { holdStateDir } from './state-dir.ts'
import { openSqliteStore } from './store/sqlite.ts'

/** Runs a conductor, store, engine and API, until SIGTERM or SIGINT; unfinished work goes on at the next start. */
export async function runConductor(config: Config): Promise<void> {
  const log = pino({
    level: config.log_level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { streamWrite: maskedLine },
  })
  const clock = systemClock
  using _held = holdStateDir(config.state_dir)
  await using store = openSqliteStore({ directory: config.state_dir, clock, host: config.host })
  let ramdiskUrl = ''
  const conductor = await createConductor(config, {
    store,
    clock,
    log,
    ramdiskUrl: () => ramdiskUrl,
    sessions: openSessionVault(config.state_dir),
  })
  const api = createApi(config, { services: conductor.services, store, log, clock })
  // Also when the start fails half-way: a listener that is left open would keep a dead conductor answering.
  await using ending = new AsyncDisposableStack()
  ending.defer(() => conductor.stop())
  ending.defer(() => api.close())
  const urls = await api.listen()
  ramdiskUrl = urls.ramdiskUrl
  await conductor.start()
  log.info({ api: urls.operatorUrl, ramdisk_api: urls.ramdiskUrl, state_dir: config.state_dir }, 'conductor is ready')
  const reason = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  log.info({ signal: reason[0] as unknown }, 'stopping')
  await ending.disposeAsync()
  log.info('stopped')
}
