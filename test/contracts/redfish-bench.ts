import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { openBootMedia } from '@ferrite/conductor/boot-media'
import { openBmcs } from '@ferrite/conductor/bmc/redfish/bmcs'
import { systemClock } from '@ferrite/conductor/core/clock'
import type { Clock } from '@ferrite/conductor/core/clock'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import type { Task } from '@ferrite/conductor/core/task'
import { redfishVirtualMedia } from '@ferrite/conductor/drivers/boot/redfish-virtual-media'
import { openBootFiles } from '@ferrite/conductor/netboot/boot-files'
import { redfishManagement } from '@ferrite/conductor/drivers/management/redfish'
import { redfishPower } from '@ferrite/conductor/drivers/power/redfish'
import type { BmcOptions } from '@ferrite/lab/bmc-redfish'
import { startLab } from '@ferrite/lab/lab'

/** A clock whose sleeps take no time, for the pauses between retries; the monotonic one still runs. */
export const hastyClock = (): Clock => {
  let ahead = 0
  return {
    ...systemClock,
    monotonicMs: () => performance.now() + ahead,
    sleep: async (ms, signal) => {
      ahead += ms
      await systemClock.sleep(Math.min(ms, 2), signal)
    },
  }
}

/** The three Redfish drivers in front of one lab machine, without a conductor around them. */
export async function redfishBench(bmcOptions: BmcOptions = {}, clock: Clock = hastyClock()) {
  const lab = await startLab({ machines: [{ bmc: bmcOptions, firmwareDelayMs: 0 }], conductor: false })
  onTestFinished(() => lab[Symbol.asyncDispose]())
  const [first] = lab.machines
  if (!first) throw new Error('the lab has no machine')
  const { machine, bmc } = first
  const driver_info: Record<string, unknown> = {
    redfish_address: bmc.url,
    redfish_username: bmc.account.username,
    redfish_password: bmc.account.password,
    deploy_iso: lab.deployIso,
  }
  return { lab, machine, bmc, ...(await redfishDrivers(driver_info, { clock, macs: machine.macs })) }
}

/** The three Redfish drivers in front of any BMC. */
export async function redfishDrivers(
  driver_info: Record<string, unknown>,
  { clock = hastyClock(), macs = ['52:54:00:fe:00:00'] }: { clock?: Clock; macs?: readonly string[] } = {},
) {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'ferrite-bench-'))
  const bmcs = openBmcs({ clock, log: pino({ level: 'silent' }) })
  onTestFinished(async () => {
    await bmcs[Symbol.asyncDispose]()
    await rm(stateDir, { recursive: true, force: true })
  })
  const media = await openBootMedia({ stateDir, baseUrl: () => 'http://127.0.0.1:9', clock })
  const files = await openBootFiles({ directory: path.join(stateDir, 'cache'), allowedPaths: [stateDir] })
  const defaults = { deployKernel: undefined, deployRamdisk: undefined, kernelAppendParams: 'console=ttyS0' }
  const drivers = {
    power: redfishPower(bmcs),
    management: redfishManagement(bmcs),
    boot: redfishVirtualMedia({ bmcs, media, own: { files, defaults, loaders: undefined } }),
  }
  return {
    bmcs,
    media,
    stateDir,
    driver_info,
    task: taskFor({ driver_info, interfaces: drivers, clock, macs }),
    ...drivers,
  }
}

function taskFor(parts: {
  driver_info: Record<string, unknown>
  interfaces: object
  clock: Clock
  macs: readonly string[]
}): Task {
  let node = {
    uuid: '4b4d4b0e-0000-4000-8000-000000000001',
    name: 'n1',
    driver_info: parts.driver_info,
    instance_info: {},
    properties: {},
    boot_mode: null,
    internal: {},
  } as unknown as NodeRecord
  const { signal } = new AbortController()
  return {
    get node() {
      return node
    },
    ports: parts.macs.map((address) => ({ address, pxe_enabled: true })),
    interfaces: parts.interfaces,
    clock: parts.clock,
    log: pino({ level: 'silent' }),
    signal,
    save: async (set: Partial<NodeRecord>) => {
      node = { ...node, ...set, internal: { ...node.internal, ...set.internal } }
    },
    effect: (_what: string, work: (signal: AbortSignal) => Promise<unknown>) => work(signal),
  } as unknown as Task
}
