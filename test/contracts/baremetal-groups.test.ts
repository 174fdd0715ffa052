import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baremetalAt, installed, settles, type Baremetal } from './baremetal.ts'
import { startFakeConductor, type FakeConductor } from './fake-conductor.ts'

type Row = Record<string, unknown>

// One process of the client takes about a second, so this suite takes minutes; each group is a test of its own.
const limit = 600_000
const absent = '5c9dcd04-2073-49bc-9618-99ae634d8971'

describe.runIf(installed).concurrent('the field’s own command line client, group by group', { timeout: limit }, () => {
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

  test('port, port group and virtual interfaces', async () => {
    const uuid = await node('n-wires', ' --network-interface flat')
    const group = await cli.tell(`port group create --node ${uuid} --name bond0 --mode 802.3ad --property miimon=100`)
    const port = await cli.tell(`port create 52:54:00:10:00:01 --node ${uuid} --port-group ${String(group['uuid'])}`)
    const other = await cli.tell(`port create 52:54:00:10:00:02 --node ${uuid} --physical-network tenant`)
    await cli.say(`port set ${String(other['uuid'])} --extra seat=2 --address 52:54:00:10:00:03`)
    await cli.say(`port unset ${String(other['uuid'])} --physical-network`)
    expect(await cli.tell(`port show ${String(other['uuid'])}`)).toMatchObject({
      address: '52:54:00:10:00:03',
      extra: { seat: 2 },
      physical_network: null,
    })
    expect((await rows('port list --port-group bond0')).map((row) => row['UUID'])).toEqual([port['uuid']])
    expect((await rows(`port list --node ${uuid} --long`)).length).toBe(2)
    await cli.say('port group set bond0 --address 52:54:00:10:00:ff --unsupport-standalone-ports')
    await cli.say('port group unset bond0 --property miimon')
    expect(await cli.tell('port group show bond0')).toMatchObject({ properties: {}, standalone_ports_supported: false })
    expect((await rows('port group list --node n-wires')).length).toBe(1)
    await cli.say('node vif attach n-wires one')
    await cli.say('node vif attach n-wires two')
    expect((await rows('node vif list n-wires')).map((row) => row['ID'])).toEqual(
      expect.arrayContaining(['one', 'two']),
    )
    expect((await cli.tell('port group show bond0'))['internal_info']).toEqual({ tenant_vif_port_id: 'one' })
    expect(await cli.complain('node vif attach n-wires three')).toContain('not enough free physical ports')
    await cli.say('node vif detach n-wires one')
    expect(await cli.complain('port group delete bond0')).toContain('contains ports')
    await cli.say(`port delete ${String(port['uuid'])}`)
    await cli.say('port group delete bond0')
    expect(await cli.complain(`port show ${absent}`)).toContain('could not be found')
  })

  test('chassis', async () => {
    const { uuid } = await cli.tell('chassis create --description rack-1 --extra row=2')
    await cli.say(`chassis set ${String(uuid)} --description rack-2 --extra seat=7`)
    await cli.say(`chassis unset ${String(uuid)} --extra row`)
    expect(await cli.tell(`chassis show ${String(uuid)}`)).toMatchObject({
      description: 'rack-2',
      extra: { seat: 7 },
    })
    await node('n-racked', ` --chassis-uuid ${String(uuid)}`)
    expect((await rows(`node list --chassis ${String(uuid)}`)).map((row) => row['Name'])).toEqual(['n-racked'])
    expect(await cli.complain(`chassis delete ${String(uuid)}`)).toContain('contains nodes')
    await cli.say('node unset n-racked --chassis-uuid')
    expect((await rows('chassis list --long')).length).toBe(1)
    await cli.say(`chassis delete ${String(uuid)}`)
  })

  test('volume connector and target', async () => {
    const uuid = await node('n-volumes')
    await cli.say('node power off n-volumes')
    await settles(cli, 'node show n-volumes', 'power_state', 'power off')
    const connector = String(
      (await cli.tell(`volume connector create --node ${uuid} --type iqn --connector-id iqn.2017-07.a:1`))['uuid'],
    )
    await cli.say(`volume connector set ${connector} --connector-id iqn.2017-07.a:2 --extra a=b`)
    await cli.say(`volume connector unset ${connector} --extra a`)
    expect(await cli.tell(`volume connector show ${connector}`)).toMatchObject({
      connector_id: 'iqn.2017-07.a:2',
      extra: {},
    })
    expect((await rows('volume connector list --node n-volumes')).length).toBe(1)
    const target = String(
      (
        await cli.tell(
          `volume target create --node ${uuid} --type iscsi --boot-index 0 --volume-id v1 --property auth_password=planted`,
        )
      )['uuid'],
    )
    await cli.say(`volume target set ${target} --volume-id v2 --extra a=b`)
    await cli.say(`volume target unset ${target} --extra a`)
    const shown = await cli.tell(`volume target show ${target}`)
    expect(shown).toMatchObject({ volume_id: 'v2', properties: { auth_password: '******' } })
    expect((await rows('volume target list --node n-volumes --long')).length).toBe(1)
    await cli.say('node power on n-volumes')
    await settles(cli, 'node show n-volumes', 'power_state', 'power on')
    expect(await cli.complain(`volume target delete ${target}`)).toContain('while it is in state "power on"')
    await cli.say('node power off n-volumes')
    await settles(cli, 'node show n-volumes', 'power_state', 'power off')
    await cli.say(`volume target delete ${target}`)
    await cli.say(`volume connector delete ${connector}`)
  })

  test('allocation', async () => {
    const uuid = await node('n-allocated', ' --resource-class wanted')
    await cli.say('node manage n-allocated --wait 60')
    await cli.say('node provide n-allocated --wait 60')
    await cli.say('node power off n-allocated')
    const made = await cli.tell('allocation create --resource-class wanted --name mine --wait')
    expect(made).toMatchObject({ state: 'active', node_uuid: uuid })
    await cli.say('allocation set mine --name ours --extra a=b')
    await cli.say('allocation unset ours --extra a')
    expect(await cli.tell('allocation show ours')).toMatchObject({ extra: {}, resource_class: 'wanted' })
    expect((await rows(`allocation list --node ${uuid} --state active`)).map((row) => row['UUID'])).toEqual([
      made['uuid'],
    ])
    expect(await cli.complain('allocation create --resource-class nowhere --wait')).toContain('nowhere')
    await cli.say('allocation delete ours')
    expect((await cli.tell('node show n-allocated'))['instance_uuid']).toBeNull()
  })

  test('deploy template', async () => {
    const steps = JSON.stringify([{ interface: 'bios', step: 'apply_configuration', args: {}, priority: 150 }])
    await cli.say('deploy template create CUSTOM_T --steps', steps)
    await cli.say('deploy template set CUSTOM_T --name CUSTOM_U --extra a=b')
    await cli.say('deploy template unset CUSTOM_U --extra a')
    expect(await cli.tell('deploy template show CUSTOM_U')).toMatchObject({
      name: 'CUSTOM_U',
      extra: {},
      steps: JSON.parse(steps) as unknown,
    })
    expect((await rows('deploy template list --long')).length).toBe(1)
    expect(await cli.complain('deploy template create lower --steps', steps)).toContain('CUSTOM_')
    await cli.say('deploy template delete CUSTOM_U')
  })

  test('driver and conductor', async () => {
    expect((await rows('driver list'))[0]).toMatchObject({ 'Supported driver(s)': 'fake-hardware' })
    expect(await cli.tell('driver show fake-hardware')).toMatchObject({
      default_deploy_interface: 'fake',
      type: 'dynamic',
    })
    const keys = (await rows('driver property list fake-hardware')).map((row) => row['Property'])
    expect(keys).toContain('fake_power_delay')
    expect((await rows('driver raid property list fake-hardware')).map((row) => row['Property'])).toContain(
      'raid_level',
    )
    expect(await rows('driver passthru list fake-hardware')).toEqual([])
    expect((await rows('conductor list --long'))[0]).toMatchObject({ Hostname: 'c1', Alive: true })
    expect(await cli.tell('conductor show c1')).toMatchObject({ hostname: 'c1', drivers: ['fake-hardware'] })
  })

  test('create, from a file with everything', async () => {
    const file = path.join(home, 'all.json')
    const ports = [{ address: '52:54:00:20:00:01' }]
    const nodes = [{ name: 'n-file', driver: 'fake-hardware', ports, portgroups: [{ name: 'bond-file' }] }]
    await writeFile(file, JSON.stringify({ chassis: [{ description: 'from a file', nodes }] }))
    await cli.say(`create ${file}`)
    expect((await rows('port list --address 52:54:00:20:00:01')).length).toBe(1)
    expect((await rows('port group list --node n-file')).map((row) => row['Name'])).toEqual(['bond-file'])
  })
})
