import { expect, test } from 'vitest'
import { GiB } from '@ferrite/shared/units'
import { deployBench, deployWith } from './deploy-bench.ts'

type Bench = Awaited<ReturnType<typeof deployBench>>

/** What a failed deploy must leave behind: its reason, a machine that is off and could not boot, its media gone. */
async function expectNothingToBoot({ machine }: Bench): Promise<void> {
  expect(await machine.disk.bootable()).toBeUndefined()
  expect(machine.power).toBe('Off')
  expect(machine.media.size).toBe(0)
  machine.powerOn()
  expect(await machine.until('running', 'nothing to boot')).toBe('nothing to boot')
}

test.each([
  ['a wrong checksum', {}, { sha256: 'ab'.repeat(32) }, /sha256|checksum|digest/i],
  ['one flipped byte', { flipByte: 3_000_000 }, {}, /sha256|checksum|digest/i],
  ['a body that always ends early', { truncateAt: 2_000_000 }, {}, /ended|truncated|short|bytes/i],
  ['a server that stalls for ever', { stallAt: 2_000_000 }, {}, /sent nothing for/i],
])('%s: the deploy fails, says so, and leaves nothing to boot', async (_what, faults, image, reason) => {
  const bench = await deployBench()
  const impatient =
    'ferrite-stall-timeout=1 ipa-image-download-connection-retries=2 ipa-image-download-connection-retry-interval=0.1'
  const node = await deployWith(bench, faults, image, { kernel_append_params: impatient })
  expect(node).toMatchObject({ provision_state: 'deploy failed', power_state: 'power off' })
  expect(node.last_error).toMatch(reason)
  await expectNothingToBoot(bench)
})

test.each([404, 403])('an image URL that is answered %i is refused when the deploy is asked for', async (status) => {
  const { lab, uuid, image, machine } = await deployBench()
  lab.images.fault('debian', { status })
  await expect(lab.api.deploy(uuid, image)).rejects.toThrow(new RegExp(`answered 400.*answered ${status}`))
  expect(await lab.api.node(uuid)).toMatchObject({ provision_state: 'available', power_state: 'power off' })
  expect(machine.boots).toEqual([])
})

test('a server that breaks off once is asked again, and only for the rest', async () => {
  const bench = await deployBench()
  const node = await deployWith(bench, { truncateAt: 2_000_000, truncations: 1 })
  expect(node).toMatchObject({ provision_state: 'active', last_error: null })
  expect(bench.lab.images.requests.some(({ range }) => range !== undefined && range !== 'bytes=0-')).toBe(true)
})

test('a disk that is smaller than the image is told before anything is written', async () => {
  const bench = await deployBench({ machines: [{ diskBytes: 5 * GiB }] })
  const node = await deployWith(bench, { claimLength: 6 * GiB })
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/the image has 6442450944 bytes, but .* only 5368709120/)
  await expectNothingToBoot(bench)
})

test('a root device that is not there is told with the disks that are', async () => {
  const bench = await deployBench()
  const node = await deployWith(bench, {}, {}, { root_device: { serial: 'S-NOT-THERE' } })
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/S-NOT-THERE/)
  expect(node.last_error).toContain(bench.machine.disk.path)
  await expectNothingToBoot(bench)
})

test('a BMC that says yes to power on and does nothing is named', async () => {
  const bench = await deployBench({ conductor: { power_state_change_timeout: 2 } })
  bench.bmc.faults = { liesAboutPower: true }
  const node = await deployWith(bench, {})
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/asked the BMC .*"power on".*"power off"/)
})

test('a BMC that takes the boot media and inserts nothing is named', async () => {
  const bench = await deployBench()
  bench.bmc.faults = { liesAboutMedia: true }
  const node = await deployWith(bench, {})
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/drive stays empty/)
  await expectNothingToBoot(bench)
})

test('a BMC that is gone fails the deploy with its address', async () => {
  const bench = await deployBench()
  await bench.bmc[Symbol.asyncDispose]()
  const node = await deployWith(bench, {})
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toContain(new URL(bench.bmc.url).host)
})

test('an agent that dies in the middle of the write: failed within the deadline, and nothing to boot', async () => {
  const bench = await deployBench({ conductor: { deploy_callback_timeout: 20, agent_command_timeout: 2 } })
  bench.lab.images.fault('debian', { bytesPerSecond: 500_000 })
  await bench.lab.api.deploy(bench.uuid, bench.image)
  const writes = () => bench.lab.images.requests.some(({ name, method }) => name === 'debian' && method === 'GET')
  await bench.lab.api.when(bench.uuid, writes, 'the write')
  await bench.lab.api.when(bench.uuid, (node) => node.provision_state === 'wait call-back', 'wait call-back')
  await bench.machine.killAgent()
  const node = await bench.lab.api.settled(bench.uuid)
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/agent at .* is gone: nothing listens there any more/)
  await expectNothingToBoot(bench)
})
