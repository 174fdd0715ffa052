import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
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
system.set_indicator_led(sushy.INDICATOR_LED_BLINKING)
system.secure_boot.set_enabled(True)
system.secure_boot.refresh(force=True)
system.refresh(force=True)
said['set'] = [system.indicator_led.value, system.secure_boot.enabled, system.secure_boot.current_boot.value]
said['parts'] = [system.processors.summary.count, len(system.simple_storage.disks_sizes_bytes), system.chassis[0].thermal.fans[0].name]
said['services'] = [root.get_session_service().sessions.get_members()[0].username, len(root._conn.get('/redfish/v1/TaskService/Tasks').json()['Members'])]
print(json.dumps(said))
`

test.runIf(hasSushy)('OpenStack’s own Redfish client drives the machine', async () => {
  await using lab = await startLab({
    machines: [{ firmwareDelayMs: 5_000 }],
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
    set: ['Blinking', true, 'Disabled'],
    parts: [1, 1, 'Fan 1'],
    services: ['admin', 0],
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

type Answer = { status: number; headers: Headers; body: Record<string, unknown> }

async function client() {
  const lab = await startLab({ conductor: false })
  onTestFinished(() => lab[Symbol.asyncDispose]())
  const { url = '' } = lab.machines[0]?.bmc ?? {}
  const authorization = `Basic ${btoa('admin:secret')}`
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const sent = body === undefined ? {} : { body: text }
    const answer = await fetch(url + path, { method, headers: { authorization, ...type, ...headers }, ...sent })
    const said = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      body: said.startsWith('{') ? (JSON.parse(said) as Record<string, unknown>) : { said },
    }
  }
}

const linksIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === '@odata.id' ? [String(inner)] : linksIn(inner)))

const messageId = ({ body }: Answer): string => {
  const error = body['error'] as { '@Message.ExtendedInfo'?: { MessageId: string }[] } | undefined
  return error?.['@Message.ExtendedInfo']?.[0]?.MessageId ?? ''
}

test('every link leads to a resource that says what it is, with the headers of the standard', async () => {
  const ask = await client()
  const todo = ['/redfish/v1/']
  const seen = new Set<string>()
  for (const path of todo) {
    if (seen.has(path)) continue
    seen.add(path)
    const { status, headers, body } = await ask('GET', path)
    expect([path, status]).toEqual([path, 200])
    expect(body).toMatchObject({ '@odata.id': path, '@odata.type': expect.stringMatching(/^#\w+\./) as string })
    expect(typeof body['Name']).toBe('string')
    expect([path, typeof (body['Members'] ?? body['Id'])]).not.toContain('undefined')
    expect([...headers.keys()]).toEqual(
      expect.arrayContaining(['odata-version', 'etag', 'allow', 'cache-control', 'link']),
    )
    todo.push(...linksIn(body).map((link) => link.replace(/#.*/, '')))
  }
  expect(seen.size).toBeGreaterThan(20)
  expect((await ask('GET', '/redfish/v1/$metadata')).body['said']).toMatch(/^<\?xml/)
  expect((await ask('GET', '/redfish/v1/odata')).body['value']).toContainEqual(
    expect.objectContaining({ name: 'Systems' }),
  )
})

const system = '/redfish/v1/Systems/1'

test.each([
  ['DELETE', system, undefined, 405, 'OperationNotAllowed'],
  ['POST', '/redfish/v1/Systems', {}, 405, 'OperationNotAllowed'],
  ['PATCH', '/redfish/v1/Managers/1', {}, 405, 'OperationNotAllowed'],
  ['GET', `${system}/Actions/ComputerSystem.Reset`, undefined, 405, 'OperationNotAllowed'],
  ['GET', '/redfish/v1/nothing', undefined, 404, 'ResourceMissingAtURI'],
  ['POST', `${system}/Actions/ComputerSystem.Nothing`, {}, 404, 'ResourceMissingAtURI'],
  ['POST', `${system}/VirtualMedia/None/Actions/VirtualMedia.EjectMedia`, {}, 404, 'ResourceMissingAtURI'],
  ['GET', '/redfish/v1/Systems?$expand=.', undefined, 501, 'QueryNotSupported'],
  ['POST', `${system}/Actions/ComputerSystem.Reset`, '{', 400, 'MalformedJSON'],
  ['POST', `${system}/Actions/ComputerSystem.Reset`, {}, 400, 'PropertyValueNotInList'],
  ['PATCH', system, { Colour: 'red' }, 400, 'PropertyUnknown'],
  ['PATCH', system, { Boot: { BootSourceOverrideTarget: 'Moon' } }, 400, 'PropertyValueNotInList'],
])('%s %s %j is refused with %d in the words of Redfish: %s', async (method, path, body, status, id) => {
  const ask = await client()
  const answer = await ask(method, path, body)
  expect([answer.status, messageId(answer)]).toEqual([status, `Base.1.8.${id}`])
  expect(answer.headers.get('allow') ?? '').toMatch(status === 405 ? /GET|POST/ : /^/)
})

test('a change with a tag of long ago is refused, and what has not changed is not sent again', async () => {
  const ask = await client()
  const etag = (await ask('GET', system)).headers.get('etag') ?? ''
  expect((await ask('GET', system, undefined, { 'if-none-match': etag })).status).toBe(304)
  const lit = await ask('PATCH', system, { IndicatorLED: 'Lit' }, { 'if-match': etag })
  expect([lit.status, lit.body['IndicatorLED']]).toEqual([200, 'Lit'])
  expect((await ask('PATCH', system, { IndicatorLED: 'Off' }, { 'if-match': etag })).status).toBe(412)
  expect((await ask('GET', system, undefined, { 'odata-version': '5.0' })).status).toBe(412)
})
