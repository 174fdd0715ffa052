import { readdir, rm, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { VmLab } from '@ferrite/lab/vm/vm-lab'
import type { VmLabMachine } from '@ferrite/lab/vm/vm-lab-machine'
import { ended, enrolled, machineBench, missing } from './machine-bench.ts'

type Scene = { lab: VmLab; machine: VmLabMachine; uuid: string; mac: string }
type Injection = {
  name: string
  says: RegExp
  on?: 'the machine without network boot code'
  /** Breaks something before the deploy; the answer mends it. */
  before?: (scene: Scene) => Promise<() => unknown>
  /** Breaks something when the machine has come to this point. */
  when?: readonly ['firmware' | 'ramdisk', (scene: Scene) => Promise<() => unknown>]
}

/** Of what the conductor serves, the kernel is the smaller file. */
async function cached({ lab }: Scene, which: 'kernel' | 'ramdisk'): Promise<string> {
  const directory = path.join(lab.dir, 'conductor/netboot/cache')
  const names = (await readdir(directory)).filter((name) => /^[0-9a-f]{64}$/.test(name))
  const files = await Promise.all(
    names.map(async (name) => ({
      file: path.join(directory, name),
      size: (await stat(path.join(directory, name))).size,
    })),
  )
  const sorted = files.toSorted((a, b) => a.size - b.size)
  const found = which === 'kernel' ? sorted[0] : sorted.at(-1)
  if (!found) throw new Error('the conductor has no boot files')
  return found.file
}

const elsewhere = async ({ lab, mac }: Scene) => {
  await lab.network.switch.move(mac, 'elsewhere')
  return () => {}
}

const injections: readonly Injection[] = [
  {
    name: 'the machine never powers on',
    says: /power/i,
    before: async ({ machine: { machine } }) => {
      machine.isStuckOff = true
      return () => (machine.isStuckOff = false)
    },
  },
  {
    name: 'wrong architecture',
    says: /wrong architecture: .*aarch64.*x86_64/,
    before: async ({ lab, uuid }) => {
      await lab.api.set(uuid, { properties: { cpu_arch: 'aarch64' } })
      return () => lab.api.set(uuid, { properties: {} })
    },
  },
  {
    name: 'no DHCP',
    says: /no DHCP/,
    before: async ({ lab }) => {
      await lab.network.setDhcp(false)
      return () => lab.network.setDhcp(true)
    },
  },
  { name: 'wrong VLAN', says: /wrong network \(VLAN\): .*elsewhere/, when: ['firmware', elsewhere] },
  {
    name: 'kernel 404',
    says: /the kernel is missing/,
    when: [
      'firmware',
      async (scene) => {
        await rm(await cached(scene, 'kernel'))
        return () => {}
      },
    ],
  },
  {
    name: 'ramdisk truncated',
    says: /the ramdisk was not fetched whole/,
    when: [
      'firmware',
      async (scene) => {
        const file = await cached(scene, 'ramdisk')
        await truncate(file, 1 << 22)
        return () => rm(file)
      },
    ],
  },
  { name: 'no lookup', says: /kernel and ramdisk were sent whole|no lookup came/, when: ['ramdisk', elsewhere] },
  {
    name: 'loader missing',
    says: /the boot loader .*snponly\.efi is missing/,
    on: 'the machine without network boot code',
    before: async ({ lab }) => {
      await rm(path.join(lab.dir, 'tftp/snponly.efi'))
      return () => {}
    },
  },
]

test.skipIf(missing)('eight ways for a boot to fail have eight messages', { timeout: 1_500_000 }, async () => {
  const bench = await machineBench({
    net: 'netns',
    machines: [
      { bmc: 'ipmi', firmware: 'bios' },
      { bmc: 'ipmi', firmware: 'uefi', withoutRom: true },
    ],
    conductor: { boot_firmware_timeout: 60, boot_stage_timeout: 40, power_state_change_timeout: 10 },
  })
  const [usual, bare] = bench.lab.machines
  if (!usual || !bare) throw new Error('the lab lacks machines')
  const scenes = await Promise.all(
    [usual, bare].map(async (machine) => {
      const { uuid } = await enrolled(bench, machine)
      return { lab: bench.lab, machine, uuid, mac: machine.machine.macs[0] ?? '' }
    }),
  )
  const messages: string[] = []
  for (const injection of injections) {
    const scene = scenes[injection.on === undefined ? 0 : 1]
    if (!scene) throw new Error('there is no such machine')
    const began = performance.now()
    const message = await failedBoot(scene, injection, bench.image)
    console.log(`${injection.name} (${Math.round((performance.now() - began) / 1000)} s): ${message}`)
    expect.soft(message, injection.name).toMatch(injection.says)
    messages.push(message.replaceAll(/[0-9a-f-]{36}/g, ''))
  }
  expect(new Set(messages).size).toBe(injections.length)
})

async function failedBoot(
  scene: Scene,
  { before, when }: Injection,
  image: { url: string; sha256: string },
): Promise<string> {
  const { lab, machine, uuid } = scene
  const mend = [await before?.(scene)]
  await lab.api.deploy(uuid, { ...image, name: '', size: 0, sha512: '' })
  if (when) {
    await machine.machine.until(when[0])
    mend.push(await when[1](scene))
  }
  const node = await ended(lab, uuid)
  for (const undo of mend) await undo?.()
  await lab.api.provision(uuid, 'deleted')
  await lab.api.until(uuid, 'available')
  return node.last_error ?? 'no error'
}
