import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { agentOpener } from './agent-opener.ts'
import { openBmcs, type Bmcs } from './bmc/redfish/bmcs.ts'
import type { SessionVault } from './bmc/redfish/session.ts'
import { mediaInUse, openBootSide, type BootSide } from './boot-wiring.ts'
import { openBootMedia, type BootMedia } from './boot-media.ts'
import type { Config } from './config.ts'
import { buildConfigdrive } from './configdrive/build.ts'
import { checkConfigdrive } from './configdrive/check.ts'
import type { Clock } from './core/clock.ts'
import type { Services } from './core/services.ts'
import { driversFor } from './driver-wiring.ts'
import type { Drivers } from './drivers/table.ts'
import { createEventBus } from './events.ts'
import { findingsIn } from './findings.ts'
import { keepLogs } from './keep-logs.ts'
import { createManagement } from './nodes/boot-device.ts'
import { createMachine, createNodeCheck } from './nodes/check-node.ts'
import { createHardware } from './nodes/hardware.ts'
import { createValidator, validateFor } from './nodes/validate.ts'
import { checkTimeouts } from './periodic/check-timeouts.ts'
import { syncPowerState } from './periodic/sync-power-state.ts'
import { startPeriodic, type Periodic } from './periodic/table.ts'
import { watchAgents } from './periodic/watch-agents.ts'
import { bootWatch } from './boot-watch.ts'
import { bootTraceView } from './boot-trace/view.ts'
import { continueInspection } from './provision/continue-inspection.ts'
import { heartbeat } from './provision/heartbeat.ts'
import { lookup } from './provision/lookup.ts'
import type { ProvisionParts } from './provision/parts.ts'
import { createPower } from './provision/power.ts'
import { progress } from './provision/progress.ts'
import { createProvision } from './provision/provision.ts'
import { workOn } from './provision/work-on.ts'
import { createPlacer, type Placer } from './resources/placer.ts'
import { stepSettings } from './step-settings.ts'
import type { Store } from './store/store.ts'
import { createWorkLoop } from './work/loop.ts'
import { openTask, type TaskParts } from './work/task.ts'

export type ConductorParts = {
  store: Store
  clock: Clock
  log: Logger
  /** URL under which ramdisks reach this conductor; asked only once the API listens. */
  ramdiskUrl: () => string
  /** Keeps the sessions at BMCs over a crash; without it, those of a former life stay open until the BMC ends them. */
  sessions?: SessionVault
}

export interface Conductor {
  readonly services: Services
  start(): Promise<void>
  stop(): Promise<void>
}

/** The wiring: the one place where the parts of a conductor meet. */
export async function createConductor(config: Config, parts: ConductorParts): Promise<Conductor> {
  const { store, clock, log } = parts
  const stopped = new AbortController()
  const settings = stepSettings(config, parts.ramdiskUrl)
  const bmcs = openBmcs({ clock, log, vault: parts.sessions })
  const media = await openBootMedia({ stateDir: config.state_dir, baseUrl: () => settings.ramdiskUrl(), clock })
  const boot = await openBootSide(config, { store, clock, log, ramdiskUrl: () => settings.ramdiskUrl() })
  const findings = findingsIn(store)
  const drivers = driversFor(config, settings, { bmcs, media, boot, findings })
  const events = createEventBus(store)
  const tasks: TaskParts = { store, clock, log, interfacesOf: drivers.interfacesOf, openAgent: agentOpener(config) }
  const provision: ProvisionParts = {
    store,
    clock,
    log,
    events,
    settings,
    automatedClean: config.automated_clean,
    powerOffAfterDeployFailure: config.power_off_after_deploy_failure,
    keepLogs: (uuid, archive) => keepLogs(config.state_dir, clock, uuid, archive),
    wake: () => loop.wake(),
    watch: (uuid) => watch.nudge(uuid),
  }
  const watch = watchAgents(
    { ...provision, ...tasks },
    { everyMs: config.agent_command_poll_interval * 1000, silenceMs: config.agent_command_timeout * 1000 },
  )
  const leaseMs = config.lease_seconds * 1000
  const locking = { ...tasks, owner: config.host, leaseMs, stopped: stopped.signal }
  const loop = createWorkLoop({
    store,
    clock,
    log,
    owner: config.host,
    leaseMs,
    workers: config.workers,
    handle: async (claim, signal) => {
      await using task = await openTask(tasks, claim, signal)
      await workOn[claim.work.kind](task, claim.work, provision)
    },
  })
  const placer = createPlacer({ store, clock, log })
  const jobs = [...periodicJobs(config, provision, locking), watch, bootWatch(config, { ...provision, ...tasks }, boot)]
  return lifecycle({
    config,
    parts,
    stopped,
    bmcs,
    media,
    drivers,
    loop,
    jobs,
    placer,
    boot,
    services: { ...services(config, provision, locking, drivers, boot), allocations: placer },
  })
}

type Locking = TaskParts & { owner: string; leaseMs: number; stopped: AbortSignal }

function services(
  config: Config,
  provision: ProvisionParts,
  locking: Locking,
  drivers: Drivers,
  boot: BootSide,
): Omit<Services, 'allocations'> {
  const callback = {
    ...provision,
    heartbeatTimeout: config.ramdisk_heartbeat_timeout,
    allowMd5: config.agent_md5_checksum,
    lookupWindowMs: Math.max(1800, config.deploy_callback_timeout, config.clean_callback_timeout) * 1000,
    progressPath: '/ferrite/v1/progress',
    handedOut: new Set<string>(),
    callbacks: { requireTls: config.agent_require_tls, cidrs: config.agent_callback_cidrs },
  }
  const validates = { ...provision, validateFor: validateFor.bind(undefined, locking) }
  return {
    provision: createProvision({
      ...validates,
      disallowed: {
        clean: config.disallow_clean_steps,
        deploy: config.disallow_deploy_steps,
        service: config.disallow_service_steps,
      },
      buildConfigdrive: async (given, node) => {
        if (typeof given !== 'string') return new Secret(await buildConfigdrive(given, node))
        await checkConfigdrive(given)
        return new Secret(given)
      },
    }),
    power: createPower(validates),
    management: createManagement(locking),
    hardware: createHardware(locking),
    validator: createValidator(locking),
    boot: boot.server,
    bootTrace: bootTraceView,
    checkNode: createNodeCheck(locking),
    machine: createMachine(locking),
    callback: {
      lookup: boot.server.traced((query) => lookup(callback, query)),
      inspected: (sent) => continueInspection(callback, sent),
      heartbeat: (ident, body, from) => heartbeat(callback, ident, body, from),
      progress: (report) => progress(provision, report),
    },
    drivers: drivers.catalogue,
    events: provision.events,
    log: provision.log,
  }
}

function periodicJobs(config: Config, provision: ProvisionParts, locking: Locking): Periodic[] {
  return [
    checkTimeouts(provision, {
      everyMs: config.check_provision_state_interval * 1000,
      limitsMs: {
        'wait call-back': config.deploy_callback_timeout * 1000,
        'clean wait': config.clean_callback_timeout * 1000,
        'rescue wait': config.rescue_callback_timeout * 1000,
        'service wait': config.service_callback_timeout * 1000,
        'inspect wait': config.inspect_wait_timeout * 1000,
      },
    }),
    syncPowerState(locking, {
      everyMs: config.sync_power_state_interval * 1000,
      maxRetries: config.power_state_sync_max_retries,
      force: config.force_power_state_during_sync,
    }),
  ]
}

type Running = {
  config: Config
  parts: ConductorParts
  stopped: AbortController
  bmcs: Bmcs
  boot: BootSide
  media: BootMedia
  drivers: Drivers
  loop: ReturnType<typeof createWorkLoop>
  jobs: Periodic[]
  placer: Placer
  services: Services
}

function lifecycle({
  boot,
  config,
  parts,
  stopped,
  bmcs,
  media,
  drivers,
  loop,
  jobs,
  placer,
  services: own,
}: Running): Conductor {
  const { store, log, clock } = parts
  let periodic: AsyncDisposable | undefined
  const register = () =>
    store.registerConductor({
      hostname: config.host,
      conductor_group: '',
      drivers: drivers.catalogue.list().map((one) => one.name),
    })
  const alive: Periodic = { name: 'register', everyMs: 10_000, run: register }
  return {
    services: own,
    start: async () => {
      if (config.enabled_hardware_types.includes('fake-hardware')) {
        log.warn('hardware type fake-hardware is enabled: its nodes have no machines behind them; for tests only')
      }
      await register()
      await media.keepOnly(await mediaInUse(store))
      await boot.start()
      await loop.start()
      await placer.resume()
      periodic = startPeriodic([...jobs, alive], { clock, log })
    },
    stop: async () => {
      stopped.abort(new Fault('aborted', 'the conductor is stopping'))
      await periodic?.[Symbol.asyncDispose]()
      await loop.stop()
      await placer[Symbol.asyncDispose]()
      await bmcs[Symbol.asyncDispose]()
      await boot[Symbol.asyncDispose]()
    },
  }
}
