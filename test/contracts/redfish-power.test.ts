import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { selfSigned } from '@ferrite/agent/certificate'
import { redfishBench } from './redfish-bench.ts'

test('power goes on and off, and is reported as it is', async () => {
  const { machine, power, task } = await redfishBench()
  expect(await power.getPowerState(task)).toBe('power off')
  await power.setPowerState(task, 'power on')
  expect(machine.power).toBe('On')
  expect(await power.getPowerState(task)).toBe('power on')
  await power.setPowerState(task, 'rebooting')
  expect(machine.power).toBe('On')
  await power.setPowerState(task, 'power off')
  expect(machine.power).toBe('Off')
})

test('asking for the present state is fine, whether the BMC minds or not', async () => {
  const { bmc, machine, power, task } = await redfishBench()
  for (const alreadyInState of [undefined, 400, 409] as const) {
    bmc.faults = alreadyInState ? { alreadyInState } : {}
    await power.setPowerState(task, 'power off')
  }
  bmc.faults = {}
  await power.setPowerState(task, 'soft power off')
  expect(machine.power).toBe('Off')
})

test('a BMC that says yes and does nothing is found out, and the fault names what was asked and seen', async () => {
  const { bmc, power, task } = await redfishBench()
  bmc.faults = { liesAboutPower: true }
  await expect(power.setPowerState(task, 'power on', { timeoutMs: 2000 })).rejects.toMatchObject({
    code: 'power_failed',
    message: expect.stringMatching(/"power on".*2\.0s.*"power off"/) as string,
  })
})

test('a soft power-off that nobody answers fails; the machine is not forced off', async () => {
  const { machine, power, task } = await redfishBench()
  await power.setPowerState(task, 'power on')
  await machine.until('nothing to boot')
  await expect(power.setPowerState(task, 'soft power off', { timeoutMs: 2000 })).rejects.toMatchObject({
    code: 'power_failed',
  })
  expect(machine.power).toBe('On')
})

test('a BMC that shows the new state late is waited for', async () => {
  const { bmc, power, task } = await redfishBench()
  bmc.faults = { lateReadings: 5 }
  await power.setPowerState(task, 'power on')
  expect(await power.getPowerState(task)).toBe('power on')
})

test.each(['normal', 'vanishing'] as const)('a power command that becomes a task (%s) is followed', async (tasks) => {
  const { bmc, machine, power, task } = await redfishBench()
  bmc.faults = { tasks }
  await power.setPowerState(task, 'power on')
  expect(machine.power).toBe('On')
})

test('a task that fails gives the BMC’s own words', async () => {
  const { bmc, power, task } = await redfishBench()
  bmc.faults = { tasks: 'failing', liesAboutPower: true }
  await expect(power.setPowerState(task, 'power on')).rejects.toMatchObject({
    code: 'bmc_refused',
    message: expect.stringContaining('power unit does not answer') as string,
  })
})

test('a busy BMC is asked again, one that fails now and then too', async () => {
  const { bmc, machine, power, task } = await redfishBench()
  bmc.faults = { unavailable: 2 }
  await power.setPowerState(task, 'power on')
  bmc.faults = { failEvery: 4 }
  await power.setPowerState(task, 'power off').catch(() => power.setPowerState(task, 'power off'))
  expect(machine.power).toBe('Off')
})

test.each([
  [{ garbage: true }, 'bmc_lied'],
  [{ wrongTypes: true }, 'bmc_lied'],
  [{ flood: 5 << 20 }, 'too_large'],
  [{ drop: true }, 'bmc_unreachable'],
  [{ refuse: 403 }, 'bmc_refused'],
  [{ stalePower: 'Sideways' as 'On' }, 'bmc_lied'],
])('an answer such as %j is a fault, not a state', async (faults, code) => {
  const { bmc, power, task } = await redfishBench()
  bmc.faults = faults
  await expect(power.getPowerState(task)).rejects.toMatchObject({ code })
})

test('a wrong password is said so, and not tried over and over', async () => {
  const { bmc, driver_info, power, task } = await redfishBench()
  driver_info['redfish_password'] = 'wrong'
  await expect(power.getPowerState(task)).rejects.toMatchObject({
    code: 'bmc_refused',
    message: expect.stringContaining('user name or password') as string,
  })
  expect(bmc.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
  expect(bmc.requests.some(({ auth }) => auth === 'basic')).toBe(false)
})

test('one session serves a thousand readings, a forgotten one is opened anew, and it is closed at the end', async () => {
  const { bmc, bmcs, power, task } = await redfishBench()
  bmc.faults = { sessionLimit: 1 }
  for (let i = 0; i < 25; i += 1) await Promise.all(Array.from({ length: 40 }, () => power.getPowerState(task)))
  expect(bmc.openSessions).toBe(1)
  bmc.faults = { forgetSessions: true }
  await power.getPowerState(task)
  expect(bmc.requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
  await bmcs[Symbol.asyncDispose]()
  expect(bmc.openSessions).toBe(0)
})

test('a BMC without free sessions is an error, never a reason for basic authentication', async () => {
  const { bmc, power, task } = await redfishBench()
  bmc.faults = { sessionLimit: 0 }
  await expect(power.getPowerState(task)).rejects.toMatchObject({ code: 'bmc_refused' })
  expect(bmc.requests.some(({ auth }) => auth === 'basic')).toBe(false)
})

test('basic authentication is used when it is asked for', async () => {
  const { bmc, driver_info, power, task } = await redfishBench()
  driver_info['redfish_auth_type'] = 'basic'
  await power.getPowerState(task)
  expect(new Set(bmc.requests.map(({ auth }) => auth))).toEqual(new Set(['basic']))
})

test('links to another origin are not followed: the other origin sees no request', async () => {
  const { bmc, power, task } = await redfishBench()
  const other = await redfishBench()
  bmc.faults = { offOrigin: other.bmc.url }
  await expect(power.getPowerState(task)).rejects.toMatchObject({ code: 'off_origin' })
  expect(other.bmc.requests).toEqual([])
})

test('a system that is named is used, one that is not there is refused with those that are', async () => {
  const { driver_info, power, task } = await redfishBench()
  for (const id of ['/redfish/v1/Systems/1', '1']) {
    driver_info['redfish_system_id'] = id
    expect(await power.getPowerState(task)).toBe('power off')
  }
  driver_info['redfish_system_id'] = '2'
  await expect(power.getPowerState(task)).rejects.toThrow('has no system 2; it has /redfish/v1/Systems/1')
})

test('after three calls without an answer the next ones fail at once', async () => {
  const { bmc, power, task } = await redfishBench()
  bmc.faults = { drop: true }
  for (let i = 0; i < 3; i += 1)
    await expect(power.getPowerState(task)).rejects.toMatchObject({ code: 'bmc_unreachable' })
  const before = bmc.requests.length
  bmc.faults = {}
  await expect(power.getPowerState(task)).rejects.toThrow(/next try in/)
  expect(bmc.requests).toHaveLength(before)
  await task.clock.sleep(16_000)
  expect(await power.getPowerState(task)).toBe('power off')
})

test.each([
  [{ redfish_address: null }, /lacks redfish_address/],
  [{ redfish_address: 'https://10.0.0.1/redfish' }, /without path/],
  [{ redfish_address: 'ftp://10.0.0.1' }, /http/],
  [{ redfish_address: 'https://user:pw@10.0.0.1' }, /without path, user/],
  [{ redfish_auth_type: 'digest' }, /redfish_auth_type/],
  [{ redfish_auth_type: 'session', redfish_username: null }, /redfish_username/],
])('a driver_info with %j is refused before anything is called', async (change, reason) => {
  const { driver_info, bmc, power, task } = await redfishBench()
  Object.assign(driver_info, change)
  await expect(power.validate(task)).rejects.toThrow(reason)
  expect(bmc.requests).toEqual([])
})

test('a certificate that nobody vouches for is refused, unless its CA is named or verification is off', async () => {
  const https = await selfSigned({ address: '127.0.0.1', hostname: 'bmc', now: new Date() })
  const { driver_info, power, task, stateDir } = await redfishBench({ https })
  await expect(power.getPowerState(task)).rejects.toMatchObject({
    code: 'bmc_refused',
    message: expect.stringMatching(/certificate .*redfish_verify_ca/) as string,
  })
  driver_info['redfish_verify_ca'] = path.join(stateDir, 'ca.pem')
  await expect(power.getPowerState(task)).rejects.toThrow(/cannot read the CA file/)
  await writeFile(path.join(stateDir, 'ca.pem'), https.cert)
  expect(await power.getPowerState(task)).toBe('power off')
  driver_info['redfish_verify_ca'] = 'false'
  expect(await power.getPowerState(task)).toBe('power off')
})
