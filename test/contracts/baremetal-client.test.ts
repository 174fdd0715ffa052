import { execFile } from 'node:child_process'
import { accessSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSyntheticImage } from '@ferrite/lab/image/synthetic-image'
import { startLab, type Lab } from '@ferrite/lab/lab'
import { MiB } from '@ferrite/shared/units'

// Debian's python3-ironicclient, as operators have it installed.
const client = '/usr/bin/baremetal'
const installed = (() => {
  try {
    accessSync(client)
    return true
  } catch {
    return false
  }
})()
const run = promisify(execFile)
const limit = 240_000

describe.runIf(installed)('the field’s own command line client', () => {
  let lab: Lab
  const baremetal = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], OS_AUTH_TYPE: 'none', OS_ENDPOINT: lab.conductor.url, HOME: lab.dir }
    const { stdout } = await run(client, args, { env, timeout: 120_000 })
    return stdout.trim()
  }
  const json = async (...args: string[]) =>
    JSON.parse(await baremetal(...args, '-f', 'json')) as Record<string, unknown>
  beforeAll(async () => {
    lab = await startLab({ machines: 1, conductor: { automated_clean: false } })
  }, limit)
  afterAll(() => lab?.[Symbol.asyncDispose]())

  const enrol = async (name: string, driver: string, info: Record<string, string>, mac: string) => {
    const made = await json('node', 'create', '--driver', driver, '--name', name)
    expect(made).toMatchObject({ name, provision_state: 'enroll', power_state: null, instance_info: {} })
    for (const type of [
      'bios',
      'boot',
      'console',
      'deploy',
      'inspect',
      'management',
      'network',
      'power',
      'raid',
      'rescue',
      'storage',
      'vendor',
    ]) {
      expect(made[`${type}_interface`]).toEqual(expect.any(String))
    }
    await baremetal('node', 'set', name, '--deploy-interface', 'direct')
    const pairs = Object.entries({ ...info, cleaning_network: 'provisioning', provisioning_network: 'provisioning' })
    await baremetal('node', 'set', name, ...pairs.flatMap(([key, value]) => ['--driver-info', `${key}=${value}`]))
    expect(await json('port', 'create', mac, '--node', String(made['uuid']))).toMatchObject({
      address: mac,
      pxe_enabled: true,
    })
    await baremetal('node', 'set', name, '--resource-class', 'BAREMETAL')
    await baremetal('node', 'add', 'trait', name, 'HW_CPU_X86_VMX')
    const properties = ['cpus=40', 'memory_mb=262144', 'local_gb=600', 'capabilities=boot_mode:uefi']
    await baremetal('node', 'set', name, ...properties.flatMap((pair) => ['--property', pair]))
    const shown = await json('node', 'show', name)
    expect(shown).toMatchObject({
      resource_class: 'BAREMETAL',
      traits: ['HW_CPU_X86_VMX'],
      properties: { cpus: 40, memory_mb: 262144, local_gb: 600, capabilities: 'boot_mode:uefi' },
      driver_info: { ...info, ...('redfish_password' in info ? { redfish_password: '******' } : {}) },
    })
    await baremetal('node', 'manage', name, '--wait', '60')
    await baremetal('node', 'provide', name, '--wait', '60')
    expect(await json('node', 'show', name)).toMatchObject({ provision_state: 'available', last_error: null })
    return String(made['uuid'])
  }
  const verdicts = async (name: string) =>
    Object.fromEntries(
      (
        JSON.parse(await baremetal('node', 'validate', name, '-f', 'json')) as { Interface: string; Result: unknown }[]
      ).map((row) => [row.Interface, row.Result]),
    )

  test(
    'walks fake hardware from enrolment to available, and sets power and boot device',
    { timeout: limit },
    async () => {
      await enrol('BM00', 'fake-hardware', {}, '52:54:00:00:00:01')
      expect(await verdicts('BM00')).toMatchObject({ power: true, management: true, deploy: false, console: null })
      await baremetal('node', 'power', 'on', 'BM00')
      await lab.api.when('BM00', (node) => node.power_state === 'power on', 'power on')
      await baremetal('node', 'boot', 'device', 'set', 'BM00', 'disk', '--persistent')
      expect(await json('node', 'boot', 'device', 'show', 'BM00')).toEqual({ boot_device: 'disk', persistent: true })
      await baremetal('node', 'maintenance', 'set', 'BM00', '--reason', 'fan')
      expect(await json('node', 'show', 'BM00')).toMatchObject({ maintenance: true, maintenance_reason: 'fan' })
      await baremetal('node', 'maintenance', 'unset', 'BM00')
      await baremetal('node', 'delete', 'BM00')
      expect(await baremetal('port', 'list', '-f', 'value')).toBe('')
      await expect(baremetal('node', 'show', 'BM00')).rejects.toThrow('Node BM00 could not be found.')
    },
  )

  test('walks a Redfish machine from enrolment through a direct deploy and back', { timeout: limit }, async () => {
    const [{ machine, bmc } = expect.fail('no machine')] = lab.machines
    const file = path.join(lab.dir, 'image.raw')
    await makeSyntheticImage(file, { sizeBytes: 64 * MiB })
    const image = await lab.images.add('image.raw', { file })
    const info = {
      redfish_address: bmc.url,
      redfish_username: bmc.account.username,
      redfish_password: bmc.account.password,
      deploy_iso: lab.deployIso,
    }
    const uuid = await enrol('BM01', 'redfish', info, machine.macs[0] ?? '')
    const wanted = {
      image_source: image.url,
      image_os_hash_algo: 'sha256',
      image_os_hash_value: image.sha256,
      image_disk_format: 'raw',
    }
    await baremetal(
      'node',
      'set',
      'BM01',
      ...Object.entries(wanted).flatMap(([key, value]) => ['--instance-info', `${key}=${value}`]),
    )
    expect(await verdicts('BM01')).toMatchObject({
      power: true,
      management: true,
      boot: true,
      deploy: true,
      network: true,
    })
    await baremetal('node', 'deploy', 'BM01', '--config-drive', '{"meta_data": {"hostname": "bm01"}}', '--wait', '120')
    expect(await json('node', 'show', uuid)).toMatchObject({
      provision_state: 'active',
      power_state: 'power on',
      last_error: null,
    })
    expect(await firstDifference(file, path.join(lab.dir, `${machine.name}.disk`))).toBeUndefined()
    await baremetal('node', 'undeploy', 'BM01', '--wait', '120')
    expect(await json('node', 'show', uuid)).toMatchObject({
      provision_state: 'available',
      power_state: 'power off',
      instance_info: {},
    })
    expect(await baremetal('node', 'history', 'list', 'BM01', '-f', 'value')).not.toContain('ERROR')
  })
})

// The first MiB holds the partition table, which is fitted to the disk: its backup moves, the config drive is added.
const compared = { from: MiB, to: 32 * MiB }

/** Offset of the first mebibyte in which the disk is not the image; undefined when it is. */
async function firstDifference(image: string, disk: string): Promise<number | undefined> {
  await using a = await open(image)
  await using b = await open(disk)
  for (let at = compared.from; at < compared.to; at += MiB) {
    const [wanted, found] = await Promise.all([a, b].map((file) => file.read(Buffer.alloc(MiB), 0, MiB, at)))
    if (!wanted || !found?.buffer.equals(wanted.buffer)) return at
  }
  return undefined
}
