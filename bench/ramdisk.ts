import { hostMirror } from '@ferrite/ramdisk/packages/host-mirror'
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { formatBytes, formatDuration } from '@ferrite/shared/units'
import { buildBootIso } from '@ferrite/conductor/iso/boot-iso'
import { freePort } from '@ferrite/lab/free-port'
import { buildRamdisk } from '@ferrite/ramdisk/build'
import type { ProfileName } from '@ferrite/ramdisk/profile'
import { plainConductor } from '../test/vm/plain-conductor.ts'
import { hasQemu, mac, powerOn } from '../test/vm/virtual-machine.ts'
import type { MachineOptions } from '../test/vm/virtual-machine.ts'

const root = path.join(import.meta.dirname, '..')
const bootif = `BOOTIF=01-${mac.replaceAll(':', '-')}`

/** `bench ramdisk`: time and size of a build, and how long a machine without KVM takes from power-on to its first heartbeat. */
export async function ramdisk(): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-bench-'))
  try {
    for (const [profile, firmware] of [
      ['virtual', false],
      ['metal', true],
    ] as const) {
      await build(path.join(directory, profile), profile, firmware)
    }
    if (!hasQemu) return console.log('no QEMU here: nothing is booted')
    await writeFile(path.join(directory, 'disk'), '')
    await truncate(path.join(directory, 'disk'), 5 * 1024 ** 3)
    for (const way of ['kernel and ramdisk given', 'CD, BIOS', 'CD, UEFI'] as const) await boot(directory, way)
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function build(out: string, profile: ProfileName, firmware: boolean): Promise<void> {
  const started = performance.now()
  const { manifest } = await buildRamdisk({
    ...{ root, out, profile, firmware, cacheDir: path.join(root, '.ferrite/cache/ramdisk') },
    ...{ mirror: hostMirror(), offline: false, iso: false, level: 9, kernelArgs: '' },
    ...{ packages: [], caCerts: [], ownSteps: [], onStage: () => undefined },
  })
  const size = (name: string) => formatBytes(manifest.results[name]?.bytes ?? 0)
  const took = formatDuration(performance.now() - started)
  console.log(
    `${profile}${firmware ? ' with firmware' : ''}: built in ${took}, kernel ${size('vmlinuz')}, ramdisk ${size('ramdisk.zst')}`,
  )
}

async function boot(directory: string, way: 'kernel and ramdisk given' | 'CD, BIOS' | 'CD, UEFI'): Promise<void> {
  const file = (name: string) => path.join(directory, name)
  await using conductor = await plainConductor(file('disk'))
  const agentPort = await freePort()
  const address = `ipa-api-url=http://10.0.2.2:${conductor.port} ipa-advertise-host=127.0.0.1 ipa-advertise-port=${agentPort}`
  const parts = { kernel: file('virtual/vmlinuz'), ramdisk: file('virtual/ramdisk.zst') }
  const args = `console=ttyS0 quiet ${bootif}`
  let given: MachineOptions['boot'] = { ...parts, args: `${args} ${address}` }
  if (way !== 'kernel and ramdisk given') {
    const started = performance.now()
    const iso = { ...parts, loaders: file('virtual/loaders'), out: file('boot.iso') }
    await buildBootIso({
      ...iso,
      kernelArgs: `boot_method=vmedia ${args}`,
      parameters: `${address.replaceAll(' ', '\n')}\n`,
    })
    const { size } = await stat(iso.out)
    console.log(`ISO: ${formatBytes(size)} in ${formatDuration(performance.now() - started)}`)
    given = { cd: iso.out }
  }
  const started = performance.now()
  const options = {
    directory,
    name: way.replaceAll(/\W/g, '-'),
    uefi: way === 'CD, UEFI',
    disk: file('disk'),
    boot: given,
    agentPort,
  }
  await using _machine = await powerOn(options)
  await conductor.heartbeat(180_000)
  const first = formatDuration(conductor.startedMs + (conductor.seen.get('/') ?? 0) - started)
  console.log(
    `${way}: first request after ${first}, first heartbeat after ${formatDuration(performance.now() - started)}`,
  )
}
