import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baremetalAt, installed, settles, type Baremetal } from './baremetal.ts'
import { startFakeConductor, type FakeConductor } from './fake-conductor.ts'

type Row = Record<string, unknown>

// One process of the client takes about a second, so this suite takes minutes; each group is a test of its own.
const limit = 600_000

describe.runIf(installed).concurrent('the field’s own command line client, on nodes', { timeout: limit }, () => {
  let conductor: FakeConductor
  let home: string
  let cli: Baremetal
  beforeAll(async () => {
    conductor = await startFakeConductor()
    home = await mkdtemp(path.join(tmpdir(), 'ferrite-baremetal-'))
    cli = baremetalAt(conductor.url, home)
  }, limit)
  afterAll(async () => {
    await conductor?.[Symbol.asyncDispose]()
    if (home) await rm(home, { recursive: true, force: true })
  })

  const node = async (name: string, more = ''): Promise<string> => {
    const made = await cli.tell(`node create --driver fake-hardware --name ${name}${more}`)
    return String(made['uuid'])
  }
  const rows = (command: string) => cli.tell<Row[]>(command)

  test('node: create, list, show, set, unset, maintenance, validate, delete', async () => {
    await node('n-basic', ' --resource-class large --property cpus=4 --extra a=b')
    await cli.say('node set n-basic --owner us --conductor-group racks --description', 'a good machine')
    await cli.say('node set n-basic --name n-renamed --automated-clean --retired --retired-reason old')
    const shown = await cli.tell('node show n-renamed --fields owner description properties retired_reason name')
    expect(shown).toEqual({
      owner: 'us',
      description: 'a good machine',
      properties: { cpus: 4 },
      retired_reason: 'old',
      name: 'n-renamed',
    })
    await cli.say('node unset n-renamed --owner --property cpus --extra a --retired --description --conductor-group')
    expect(await cli.tell('node show n-renamed')).toMatchObject({
      owner: null,
      properties: {},
      extra: {},
      retired: false,
    })
    await cli.say('node maintenance set n-renamed --reason', 'a fan is loud')
    expect((await rows('node list --maintenance')).map((row) => row['Name'])).toContain('n-renamed')
    expect((await cli.tell('node show n-renamed'))['maintenance_reason']).toBe('a fan is loud')
    await cli.say('node maintenance unset n-renamed')
    expect((await rows('node list --resource-class large --long')).length).toBe(1)
    const verdicts = await rows('node validate n-renamed')
    expect(verdicts.find((row) => row['Interface'] === 'power')).toMatchObject({ Result: true })
    expect(verdicts.find((row) => row['Interface'] === 'console')).toMatchObject({
      Result: null,
      Reason: 'not supported',
    })
    expect(await cli.complain('node create --driver nothing')).toContain('No valid host was found')
    expect(await cli.complain('node set n-renamed --name', 'bad name')).toContain('invalid name')
    await cli.say('node delete n-renamed')
    expect(await cli.complain('node show n-renamed')).toContain('could not be found')
  })

  test('node: verbs, power, boot device, and the history of it', async () => {
    const uuid = await node('n-verbs')
    await cli.say('node manage n-verbs --wait 60')
    await cli.say('node power on n-verbs')
    await settles(cli, 'node show n-verbs', 'power_state', 'power on')
    await cli.say('node reboot n-verbs')
    await cli.say('node boot device set n-verbs disk --persistent')
    expect(await cli.tell('node boot device show n-verbs')).toEqual({ boot_device: 'disk', persistent: true })
    expect((await cli.tell('node boot device show n-verbs --supported'))['supported_boot_devices']).toContain('pxe')
    await cli.say('node set n-verbs --inspect-interface fake')
    await cli.say('node inspect n-verbs --wait 60')
    const file = path.join(home, 'clean.json')
    await writeFile(file, JSON.stringify([{ interface: 'raid', step: 'delete_configuration' }]))
    await cli.say(`node clean n-verbs --wait 60 --clean-steps ${file}`)
    await cli.say('node provide n-verbs --wait 60')
    await cli.say('node deploy n-verbs --wait 60 --config-drive', '{"meta_data": {"hostname": "n"}}')
    expect(await cli.complain('node manage n-verbs')).toContain('can not be performed')
    await cli.say('node rebuild n-verbs --wait 60')
    await cli.say('node undeploy n-verbs --wait 60')
    expect((await cli.tell(`node show ${uuid}`))['provision_state']).toBe('available')
    const [first] = await rows('node history list n-verbs --long')
    expect(first).toMatchObject({ Severity: 'INFO' })
    expect(await cli.tell('node history get n-verbs', String(first?.['UUID']))).toMatchObject({ severity: 'INFO' })
    await cli.say('node manage n-verbs --wait 60')
    await cli.say('node adopt n-verbs --wait 60')
    expect((await cli.tell('node show n-verbs'))['provision_state']).toBe('active')
  })

  test('node: traits, RAID, BIOS, console, NMI, boot mode and vendor methods', async () => {
    await node('n-parts', ' --vendor-interface fake --console-interface fake --bios-interface fake')
    await cli.say('node add trait n-parts CUSTOM_A CUSTOM_B')
    await cli.say('node remove trait n-parts CUSTOM_A')
    expect((await rows('node trait list n-parts')).map((row) => Object.values(row)[0])).toEqual(['CUSTOM_B'])
    expect(await cli.complain('node add trait n-parts lower')).toContain('CUSTOM_')
    const config = { logical_disks: [{ size_gb: 'MAX', raid_level: '1' }] }
    await cli.say('node set n-parts --target-raid-config', JSON.stringify(config))
    expect((await cli.tell('node show n-parts'))['target_raid_config']).toEqual(config)
    await cli.say('node unset n-parts --target-raid-config')
    expect(await rows('node bios setting list n-parts')).toEqual([])
    expect(await cli.complain('node bios setting show n-parts x')).toContain("doesn't have a BIOS setting")
    await cli.say('node console enable n-parts')
    expect((await cli.tell('node console show n-parts'))['console_enabled']).toBe(true)
    await cli.say('node console disable n-parts')
    expect(await cli.complain('node inject nmi n-parts')).toContain('does not support inject_nmi')
    await cli.say('node boot mode set n-parts uefi')
    await cli.say('node secure boot on n-parts')
    expect(await cli.tell('node show n-parts')).toMatchObject({ boot_mode: 'uefi', secure_boot: true })
    expect((await rows('node passthru list n-parts')).map((row) => row['Name'])).toContain('third_method_sync')
    await cli.say('node passthru call n-parts first_method --arg bar=baz')
  })
})
