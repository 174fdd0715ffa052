import type { Logger } from 'pino'
import { Fault, explain } from '@ferrite/shared/fault'
import { liveAgent } from './agent.ts'
import type { AgentParts } from './agent.ts'
import { systemClock } from './clock.ts'
import { conductorClient } from './conductor-client.ts'
import { configFrom, fileText, isRamdisk, kernelParams } from './config.ts'
import type { AgentConfig } from './config.ts'
import { conductorDispatcher } from './dispatcher.ts'
import { isHandedOver } from './hardware/hand-over.ts'
import type { Hardware } from './hardware/hardware.ts'
import { linuxHardware } from './hardware/linux.ts'
import { virtualHardware } from './hardware/virtual.ts'
import { virtualMediaParams } from './hardware/virtual-media.ts'
import { powerCommand } from './hardware/power.ts'

/** What the flags of `ferrite agent` say. With `disks` or `macs` the machine is a virtual one. */
export type AgentFlags = {
  kernelParams?: string | undefined
  disks: readonly string[]
  macs: readonly string[]
  bootMode: 'bios' | 'uefi'
  /** This really is a deploy ramdisk: its disks may be written, it may be turned off. */
  ramdisk: boolean
  /** Program that turns the virtual machine off (argument `off`) or restarts it (`reboot`); else the process ends. */
  powerCommand?: string | undefined
}

/** Exit statuses: a virtual machine's agent tells by them what its machine should do. */
export const exitStatus = { powerOff: 0, failed: 1, reboot: 64, interrupted: 130, terminated: 143 }

/** Runs an agent until its machine goes off, it is told to stop, or it cannot go on; returns the exit status. */
export async function runAgent(
  flags: AgentFlags,
  log: Logger,
  watch: Pick<AgentParts, 'onRunner'> = {},
): Promise<number> {
  const life = new AbortController()
  let status = exitStatus.failed
  const end = (code: number) => {
    if (life.signal.aborted) return
    status = code
    life.abort()
  }
  const onTerminate = () => end(exitStatus.terminated)
  const onInterrupt = () => end(exitStatus.interrupted)
  process.on('SIGTERM', onTerminate)
  process.on('SIGINT', onInterrupt)
  try {
    const config = await configuration(flags, log)
    if (config['ipa-debug']) log.level = 'debug'
    if (isReal(flags) && (await isHandedOver())) {
      log.info('the machine was handed over for a rescue; nothing is served')
      while (!life.signal.aborted) await systemClock.sleep(60_000, life.signal)
    }
    const hardware = await machine(flags, config, log, end)
    const ca = config['ferrite-ca-file'] === undefined ? undefined : fileText(config['ferrite-ca-file'])
    await using dispatcher = disposable(
      conductorDispatcher({
        ca,
        insecure: config['ipa-insecure'],
        fingerprint: config['ferrite-tls-fingerprint'],
        connectTimeoutMs: Math.min(10_000, config['ipa-http-request-timeout']),
      }),
    )
    const client = conductorClient({
      urls: config['ipa-api-url'],
      dispatcher: dispatcher.value,
      timeoutMs: config['ipa-http-request-timeout'],
      log,
      version: config['ipa-ironic-api-version'],
      globalRequestId: config['ipa-global-request-id'],
    })
    await liveAgent({ ...watch, config, hardware, client, clock: systemClock, log, signal: life.signal })
    // Locked down: nothing more is served, but the machine is not ours to turn off.
    while (!life.signal.aborted) await systemClock.sleep(60_000, life.signal)
    return status
  } catch (error) {
    if (life.signal.aborted) return status
    log.fatal({ err: explain(error) }, 'the agent ends')
    return exitStatus.failed
  } finally {
    process.off('SIGTERM', onTerminate)
    process.off('SIGINT', onInterrupt)
  }
}

async function configuration(flags: AgentFlags, log: Logger): Promise<AgentConfig> {
  const params = kernelParams(flags.kernelParams)
  if (params.get('boot_method') === 'vmedia' && isReal(flags)) {
    for (const [name, value] of await virtualMediaParams(log)) params.set(name, value)
  }
  return configFrom(params)
}

const isReal = ({ disks, macs }: AgentFlags): boolean => disks.length === 0 && macs.length === 0

async function machine(
  flags: AgentFlags,
  config: AgentConfig,
  log: Logger,
  end: (status: number) => void,
): Promise<Hardware> {
  if (!isReal(flags)) {
    const { disks, macs, bootMode, powerCommand: program } = flags
    if (macs.length === 0) throw new Fault('missing_parameter', 'a machine of --disk needs --mac too')
    const power = (verb: 'off' | 'reboot', status: number) => async () => {
      log.info({ verb }, 'the machine goes')
      if (program === undefined) end(status)
      else await powerCommand(program, verb)
    }
    const onPowerOff = power('off', exitStatus.powerOff)
    return virtualHardware({ disks, macs, bootMode, onPowerOff, onReboot: power('reboot', exitStatus.reboot) })
  }
  if (!flags.ramdisk && !isRamdisk()) {
    throw new Fault(
      'forbidden',
      'this is not a deploy ramdisk, and the agent would write disks and turn the machine off; ' +
        'give --disk and --mac for a virtual machine, or --ramdisk if this machine may be erased',
    )
  }
  return linuxHardware({
    log,
    bootif: config.BOOTIF,
    diskWait: { attempts: config['ipa-disk-wait-attempts'], delayMs: config['ipa-disk-wait-delay'] },
  })
}

const disposable = <T extends { destroy(): Promise<void> }>(value: T) => ({
  value,
  [Symbol.asyncDispose]: () => value.destroy(),
})
