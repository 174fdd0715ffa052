import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startLab } from './lab.ts'

const python = '/usr/bin/python3'
const hasSushy = ((): boolean => {
  try {
    execFileSync(python, ['-c', 'import sushy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

const script = `
import sys, json, sushy
url, user, password, iso = sys.argv[1:]
root = sushy.Sushy(url, username=user, password=password)
system = root.get_system()
said = {'uuid': system.uuid, 'power': system.power_state.value, 'macs': list(system.ethernet_interfaces.summary)}
system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_CD, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
drives = system.managers[0].virtual_media.get_members()
cd = [d for d in drives if sushy.VIRTUAL_MEDIA_CD in d.media_types][0]
cd.insert_media(iso)
cd.refresh(force=True)
said['inserted'] = [cd.inserted, cd.image]
system.reset_system(sushy.RESET_TYPE_ON)
system.refresh(force=True)
said['after'] = [system.power_state.value, system.boot.target.value, system.boot.enabled.value]
system.reset_system(sushy.RESET_TYPE_FORCE_OFF)
cd.eject_media()
cd.refresh(force=True)
said['ejected'] = cd.inserted
said['managers'] = [m.identity for m in system.managers]
print(json.dumps(said))
`

test.runIf(hasSushy)('OpenStack’s own Redfish client drives the machine', async () => {
  await using lab = await startLab({
    // As old as Debian's, it looks for virtual drives under the manager only.
    machines: [{ bmc: { mediaUnder: 'manager' }, firmwareDelayMs: 5_000 }],
    conductor: false,
  })
  const [{ machine, bmc } = { machine: undefined, bmc: undefined }] = lab.machines
  if (!machine || !bmc) throw new Error('the lab has no machine')
  const { stdout } = await promisify(execFile)(python, [
    '-c',
    script,
    bmc.url,
    bmc.account.username,
    bmc.account.password,
    lab.deployIso,
  ])
  expect(JSON.parse(stdout)).toEqual({
    uuid: machine.uuid,
    power: 'Off',
    macs: [machine.macs[0]?.toUpperCase()].map((mac) => expect.stringMatching(new RegExp(`^${mac}$`, 'i')) as string),
    inserted: [true, lab.deployIso],
    after: ['On', 'Cd', 'Once'],
    ejected: false,
    managers: ['1'],
  })
  expect(machine.power).toBe('Off')
  expect(machine.media.size).toBe(0)
})

test('without a login a BMC shows its root and nothing else', async () => {
  await using lab = await startLab({ conductor: false })
  const url = lab.machines[0]?.bmc.url ?? ''
  expect((await fetch(`${url}/redfish/v1/`)).status).toBe(200)
  expect((await fetch(`${url}/redfish/v1/Systems`)).status).toBe(401)
  expect((await fetch(`${url}/redfish/v1/Systems/1`, { headers: { 'X-Auth-Token': 'guess' } })).status).toBe(401)
})
