import { hostMirror } from '@ferrite/ramdisk/packages/host-mirror'
import { createHash } from 'node:crypto'
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildBootIso } from '@ferrite/conductor/iso/boot-iso'
import { makeSyntheticImage } from '@ferrite/lab/image/synthetic-image'
import { freePort } from '@ferrite/lab/free-port'
import { buildRamdisk } from '@ferrite/ramdisk/build'
import type { BuildOptions } from '@ferrite/ramdisk/build'
import { plainConductor } from './plain-conductor.ts'
import type { PlainConductor } from './plain-conductor.ts'
import { hasQemu, mac, powerOn } from './virtual-machine.ts'
import type { VirtualMachine } from './virtual-machine.ts'

const root = path.join(import.meta.dirname, '../..')
const MiB = 1024 * 1024
const bootif = `BOOTIF=01-${mac.replaceAll(':', '-')}`
// Emulated machines on a busy host: three times what they take on an idle one.
const bootMs = 120_000

describe.skipIf(!hasQemu)('the ramdisk in a virtual machine', { timeout: 400_000 }, () => {
  let directory: string
  const file = (name: string) => path.join(directory, name)
  const options = (out: string): BuildOptions => ({
    root,
    out,
    cacheDir: path.join(root, '.ferrite/cache/ramdisk'),
    mirror: hostMirror(),
    offline: false,
    profile: 'virtual',
    firmware: false,
    iso: false,
    level: 9,
    kernelArgs: '',
    packages: [],
    caCerts: [],
    ownSteps: [path.join(import.meta.dirname, 'own-step.ts')],
    onStage: () => undefined,
  })

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'ferrite-vm-'))
    await buildRamdisk(options(file('one')))
    await makeSyntheticImage(file('image'), { sizeBytes: 32 * MiB })
    await writeFile(file('disk'), '')
    await truncate(file('disk'), 5 * 1024 * MiB)
  }, 400_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('two builds are equal to the byte, and small', async () => {
    const again = await buildRamdisk(options(file('two')))
    for (const [name, content] of Object.entries(again.files)) {
      const isEqual = content.equals(await readFile(file(`one/${name}`)))
      expect({ name, isEqual }).toEqual({ name, isEqual: true })
    }
    expect(again.manifest.results['ramdisk.zst']?.bytes).toBeLessThan(70 * MiB)
  })

  test('a machine boots it, is led through a deployment, turns itself off, and boots what was written', async () => {
    await using conductor = await plainConductor(file('image'))
    const agentPort = await freePort()
    const image = await readFile(file('image'))
    {
      const boot = {
        kernel: file('one/vmlinuz'),
        ramdisk: file('one/ramdisk.zst'),
        args: `console=ttyS0 quiet ${bootif} ${agentArgs(conductor.port, agentPort)}`,
      }
      await using machine = await powerOn({ directory, name: 'direct', disk: file('disk'), boot, agentPort })
      await hello(conductor, machine)
      const node = { uuid: conductor.nodeUuid }
      const steps = await conductor.command('deploy.get_deploy_steps', { node, ports: [] }, 60_000)
      expect(JSON.stringify(steps.command_result)).toContain('blink_the_light')
      const image_info = {
        id: 'synthetic',
        urls: [`http://10.0.2.2:${conductor.port}/image`],
        disk_format: 'raw',
        os_hash_algo: 'sha512',
        os_hash_value: createHash('sha512').update(image).digest('hex'),
      }
      const written = await conductor.command('standby.prepare_image', { image_info }, bootMs)
      expect(written).toMatchObject({ command_status: 'SUCCEEDED' })
      const said = await machine.serial()
      expect(said).toMatch(/ferrite: write \d+ %/)
      await conductor.command('standby.power_off', {}, 1_000).catch(() => undefined)
      await machine.off(60_000)
    }
    await using disk = await open(file('disk'))
    const { buffer } = await disk.read(Buffer.alloc(image.length - 2 * MiB), 0, image.length - 2 * MiB, MiB)
    expect(buffer.equals(image.subarray(MiB, image.length - MiB))).toBe(true)
    await using deployed = await powerOn({ directory, name: 'deployed', disk: file('disk'), boot: { disk: true } })
    await deployed.says('Ferrite demo image', 60_000)
  })

  test.each([
    { name: 'a CD, under BIOS', uefi: false, medium: 'cd' },
    { name: 'a CD, under UEFI', uefi: true, medium: 'cd' },
    { name: 'a stick, under BIOS', uefi: false, medium: 'stick' },
  ] as const)('it boots from $name, with the parameters and the token of its medium', async ({ uefi, medium }) => {
    await using conductor = await plainConductor(file('image'))
    const agentPort = await freePort()
    const name = `${medium}-${uefi ? 'uefi' : 'bios'}`
    const iso = file(`${name}.iso`)
    const started = performance.now()
    await buildBootIso({
      kernel: file('one/vmlinuz'),
      ramdisk: file('one/ramdisk.zst'),
      loaders: file('one/loaders'),
      kernelArgs: `boot_method=vmedia console=ttyS0 quiet ${bootif}`,
      parameters: `${agentArgs(conductor.port, agentPort).replaceAll(' ', '\n')}\nipa-agent-token=${conductor.token}\n`,
      out: iso,
    })
    expect(performance.now() - started).toBeLessThan(10_000)
    const boot = medium === 'cd' ? { cd: iso } : { stick: iso }
    await using machine = await powerOn({ directory, name, uefi, disk: file('disk'), boot, agentPort })
    const beat = await hello(conductor, machine)
    expect(beat.callback_url).toBe(`https://127.0.0.1:${agentPort}`)
    expect(await machine.serial()).toContain('the boot loader brought the parameters')
    expect(await machine.serial()).not.toContain(conductor.token)
  })
})

/** The first heartbeat; without one, what the machine said. */
async function hello(conductor: PlainConductor, machine: VirtualMachine) {
  try {
    return await conductor.heartbeat(bootMs)
  } catch (cause) {
    throw new Error(`no heartbeat; the serial line ends with:\n${(await machine.serial()).slice(-3000)}`, { cause })
  }
}

const agentArgs = (port: number, agentPort: number): string =>
  `ipa-api-url=http://10.0.2.2:${port} ipa-advertise-host=127.0.0.1 ipa-advertise-port=${agentPort}`

/** QEMU forwards a port that must be known before; nobody else takes it in the meantime, with luck. */
