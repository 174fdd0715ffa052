import { stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@ferrite/shared/fault'
import { bmcAddresses } from './bmc.ts'
import { eraseByDevice } from './erase-by-device.ts'
import { efiBootEntries } from './firmware.ts'
import { handOver } from './hand-over.ts'
import type { Hardware, ListedDisk } from './hardware.ts'
import { assertUnused, linuxDisks } from './linux-disks.ts'
import { collectLogs } from './logs.ts'
import { networkInterfaceFacts } from './network.ts'
import { openAnyDisk } from './open-any-disk.ts'
import { powerMachine, syncClock } from './power.ts'
import { run, runOk } from './run.ts'
import { cpuFacts, memoryFacts, vendorFacts } from './system.ts'
import { settle } from './udev.ts'

export type LinuxOptions = {
  log: Logger
  /** How the boot loader names the interface that it booted from: `01-52-54-00-…`. */
  bootif?: string | undefined
  /** Disks may appear late: how often and how long to wait for the first. */
  diskWait: { attempts: number; delayMs: number }
}

/** The machine this process runs on. */
export async function linuxHardware({ log, bootif, diskWait }: LinuxOptions): Promise<Hardware> {
  await settle()
  await firstDisk(diskWait, log)
  return {
    disks: linuxDisks,
    macAddresses,
    addresses,
    bootMode,
    async inventory() {
      return {
        interfaces: await networkInterfaceFacts(),
        cpu: await cpuFacts(),
        disks: (await linuxDisks()).map(({ also: _also, read_only: _readOnly, ...disk }) => disk),
        memory: await memoryFacts(),
        ...(await bmcAddresses()),
        system_vendor: await vendorFacts(),
        boot: { current_boot_mode: await bootMode(), pxe_interface: bootif ?? null },
        hostname: hostname(),
      }
    },
    async openDisk(path) {
      const disks: ListedDisk[] = await linuxDisks()
      const disk = disks.find(({ name }) => name === path)
      if (!disk) throw new Fault('disk_not_found', `${path} is not a disk of this machine`)
      if (disk.read_only) throw new Fault('disk_in_use', `${path} is read-only`)
      await assertUnused(path)
      return openAnyDisk(path)
    },
    eraseByDevice: async (path, options) => {
      await assertUnused(path)
      return eraseByDevice(path, options)
    },
    bootEntries: async () => ((await bootMode()) === 'uefi' ? efiBootEntries() : undefined),
    syncClock,
    async sync() {
      await runOk('sync', [], { timeoutMs: 600_000 })
      await writeFile('/proc/sys/vm/drop_caches', '3')
      for (const { name } of await linuxDisks()) await run('blockdev', ['--flushbufs', name])
    },
    powerOff: () => powerMachine('off', log),
    reboot: () => powerMachine('reboot', log),
    handOver,
    async isolate() {
      for (const { name } of await networkInterfaceFacts()) await runOk('ip', ['link', 'set', name, 'down'])
    },
    collectLogs: () => collectLogs({ isRamdisk: true }),
  }
}

async function addresses(): Promise<{ mac: string; address: string | null; up: boolean }[]> {
  const found = await networkInterfaceFacts()
  return found.flatMap(({ mac_address: mac, ipv4_address: v4, ipv6_address: v6, has_carrier: up }) =>
    mac === null ? [] : [{ mac, address: v4 ?? v6, up: up === true }],
  )
}

async function macAddresses(): Promise<string[]> {
  const found = await networkInterfaceFacts()
  return found.map(({ mac_address: mac }) => mac).filter((mac) => mac !== null)
}

const bootMode = async (): Promise<'uefi' | 'bios'> => ((await exists('/sys/firmware/efi')) ? 'uefi' : 'bios')

async function firstDisk({ attempts, delayMs }: LinuxOptions['diskWait'], log: Logger): Promise<void> {
  for (let left = attempts; left > 0; left -= 1) {
    if ((await linuxDisks()).length > 0) return
    log.info({ left, delayMs }, 'no disk yet')
    await delay(delayMs)
  }
  log.warn('there is no disk')
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
