import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startFakeConductor, type FakeConductor } from '../contracts/fake-conductor.ts'

let directory: string
let conductor: FakeConductor
const mac = '52:54:00:12:34:56'

/** An ipmitool whose BMC is three files. */
const ipmitool = (dir: string): string => `#!/bin/sh
cd '${dir}'
echo "$*" >>calls
case "$*" in
*'chassis power status') echo "Chassis Power is $(cat power)" ;;
*'chassis power on') echo on >power ;;
*'chassis power off') echo off >power ;;
*'raw 0x00 0x08 0x05 '*) echo "$*" | sed 's/.*0x05 0x\\(..\\) 0x\\(..\\).*/ 01 05 \\1 \\2 00 00 00/' >boot ;;
*'raw 0x00 0x09 0x05 '*) cat boot ;;
*'mc info') echo 'Manufacturer Name : Test' ;;
esac
exit 0
`

async function setUp(more: Parameters<typeof startFakeConductor>[0] = {}): Promise<void> {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-netboot-'))
  const bmc = path.join(directory, 'bmc')
  await mkdir(bmc)
  await writeFile(path.join(bmc, 'power'), 'off')
  await writeFile(path.join(bmc, 'boot'), ' 01 05 00 00 00 00 00')
  await writeFile(path.join(bmc, 'ipmitool'), ipmitool(bmc))
  await chmod(path.join(bmc, 'ipmitool'), 0o700)
  const kernel = Buffer.alloc(64 * 1024, 7)
  kernel.write('HdrS', 0x202, 'latin1')
  kernel.writeUInt16LE(1, 0x236)
  await writeFile(path.join(directory, 'vmlinuz'), kernel)
  await writeFile(path.join(directory, 'ramdisk.zst'), zstdCompressSync(Buffer.alloc(100_000, 'x')))
  conductor = await startFakeConductor({
    state_dir: path.join(directory, 'state'),
    enabled_hardware_types: ['ipmi'],
    ipmitool: path.join(bmc, 'ipmitool'),
    ipmi_min_command_interval: 0,
    deploy_kernel: `file://${directory}/vmlinuz`,
    deploy_ramdisk: `file://${directory}/ramdisk.zst`,
    file_url_allowed_paths: [directory],
    dhcp_provider: 'dnsmasq',
    dhcp_hostsdir: path.join(directory, 'hosts'),
    dhcp_optsdir: path.join(directory, 'opts'),
    tftp_root: path.join(directory, 'tftp'),
    boot_stage_timeout: 600,
    ...more,
  })
}
async function tearDown(): Promise<void> {
  await conductor[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
}
beforeEach(() => setUp())
afterEach(tearDown)

const get = (where: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${conductor.ramdiskUrl}/ferrite/v1/boot${where}`, { headers, method })
const text = async (where: string) => (await get(where)).text()

/** A node that is told to be cleaned, and waits for its ramdisk. */
async function waitingNode(more: Record<string, unknown> = {}): Promise<string> {
  const driver_info = { ipmi_address: '127.0.0.1', ipmi_username: 'admin', ipmi_password: 'secret' }
  const node = await conductor.store.createNode(
    {
      driver: 'ipmi',
      provision_state: 'manageable',
      driver_info,
      properties: { cpu_arch: 'x86_64' },
      ...interfaces,
      ...more,
    },
    [],
  )
  await conductor.store.createPort({ node_uuid: node.uuid, address: mac })
  const asked = await fetch(`${conductor.url}/v1/nodes/${node.uuid}/states/provision`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-openstack-ironic-api-version': '1.99' },
    body: JSON.stringify({ target: 'provide' }),
  })
  expect(asked.status).toBe(202)
  await until(async () => (await conductor.store.node(node.uuid))?.provision_state !== 'cleaning')
  return node.uuid
}

const interfaces = {
  power_interface: 'ipmitool',
  management_interface: 'ipmitool',
  boot_interface: 'ipxe',
  deploy_interface: 'direct',
  network_interface: 'noop',
  storage_interface: 'noop',
  inspect_interface: 'no-inspect',
  rescue_interface: 'no-rescue',
}

async function until(is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await is()) return
    await delay(25)
  }
  throw new Error('it did not come to pass within 5 s')
}

const signs = async (uuid: string) =>
  (await conductor.store.node(uuid))?.internal.boots?.at(-1)?.signs.map(({ what }) => what) ?? []

test('a machine is led from the first script to its ramdisk, and every step of it is seen', async () => {
  const uuid = await waitingNode()
  expect(await conductor.store.node(uuid)).toMatchObject({ provision_state: 'clean wait', last_error: null })
  expect(await text('/boot.ipxe')).toContain('/ferrite/v1/boot/mac/${netX/mac:hexhyp}')
  const script = await text(`/mac/${mac.replaceAll(':', '-')}?platform=efi&arch=x86_64`)
  expect(script).toContain('goto deploy')
  expect(script).not.toContain('token')
  const kernelUrl = /kernel (\S+)/.exec(script)?.[1] ?? ''
  const ramdiskUrl = /initrd --name \S+ (\S+)/.exec(script)?.[1] ?? ''
  const kernel = await (await fetch(kernelUrl)).bytes()
  expect(Buffer.from(kernel)).toEqual(await readFile(path.join(directory, 'vmlinuz')))
  await (await fetch(ramdiskUrl)).bytes()
  const lookup = await fetch(`${conductor.ramdiskUrl}/v1/lookup?addresses=${mac}`, {
    headers: { 'x-openstack-ironic-api-version': '1.68' },
  })
  expect(lookup.status).toBe(200)
  await until(async () => (await signs(uuid)).includes('agent_hello'))
  expect(await signs(uuid)).toEqual([
    ...['power_on', 'script_sent', 'kernel_started', 'kernel_sent', 'ramdisk_started', 'ramdisk_sent', 'agent_hello'],
  ])
  const calls = await readFile(path.join(directory, 'bmc', 'calls'), 'utf8')
  expect(calls).toContain('raw 0x00 0x08 0x05 0x80 0x04')
  expect(calls).not.toContain('secret\n')
})

test('kernel and ramdisk are sent in ranges, and to HEAD by their length alone', async () => {
  const uuid = await waitingNode()
  const where = `/node/${uuid}/1/deploy_kernel`
  const part = await get(where, { range: 'bytes=514-517' })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 514-517/65536',
    'HdrS',
  ])
  const head = await get(where, {}, 'HEAD')
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '65536'])
  expect((await get(where, { range: 'bytes=70000-' })).status).toBe(416)
  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) expect((await get(where, {}, method)).status).toBe(405)
})

test('nothing but a machine’s own boot can be fetched, by whatever name', async () => {
  const uuid = await waitingNode()
  const names = ['..', '../', '..%2f', '%2e%2e%2f', '%252e%252e%252f', '..%5c', '%00', 'deploy_kernel%00', '.', '%2e']
  const tails = ['etc/passwd', 'deploy_kernel', 'secret.key', 'ferrite.sqlite']
  const paths = [
    ...names.flatMap((name) => tails.map((tail) => `/node/${uuid}/1/${name}${tail}`)),
    ...names.flatMap((name) => [`/loader/${name}`, `/mac/${name}`, `/node/${name}/1/deploy_kernel`]),
    `/node/${uuid}/0/deploy_kernel`,
    `/node/${uuid}/2/deploy_kernel`,
    `/node/${uuid}/x/deploy_kernel`,
    `/node/${uuid}/1/__proto__`,
    `/node/${uuid}/1/constructor`,
    `/node/00000000-0000-4000-8000-000000000000/1/deploy_kernel`,
    '/mac/52-54-00-99-99-99',
    '/loader/undionly.kpxe',
    '/',
    '',
  ]
  for (const one of paths) {
    const answer = await get(one)
    expect([one, answer.status]).toEqual([one, expect.toBeOneOf([400, 404])])
  }
})

test('DHCP is told of the machine by files', async () => {
  const uuid = await waitingNode()
  const host = path.join(directory, 'hosts', `ironic-${mac}.conf`)
  expect(await readFile(host, 'utf8')).toBe(`${mac},set:${uuid},set:ironic\n`)
  expect(await readFile(path.join(directory, 'opts', `ironic-${uuid}.conf`), 'utf8')).toContain('tag:ipxe,67,http')
})

test('boot interface pxe leaves its configuration and files where TFTP serves them', async () => {
  const uuid = await waitingNode({ boot_interface: 'pxe' })
  const tftp = (name: string) => readFile(path.join(directory, 'tftp', name), 'utf8')
  expect(await tftp('pxelinux.cfg/01-52-54-00-12-34-56')).toContain(`kernel /${uuid}/deploy_kernel`)
  expect(await tftp(`grub/${mac}.conf`)).toContain(`linux /${uuid}/deploy_kernel`)
  expect(await readdir(path.join(directory, 'tftp', uuid))).toEqual(['deploy_kernel', 'deploy_ramdisk'])
})

test('a kernel for another processor is found before the machine is powered on', async () => {
  const uuid = await waitingNode({ properties: { cpu_arch: 'aarch64' } })
  expect((await conductor.store.node(uuid))?.last_error).toContain('wrong architecture')
  expect(await readFile(path.join(directory, 'bmc', 'power'), 'utf8')).toBe('off')
})

test('a kernel that is gone is told as missing, and a machine that gives up says so', async () => {
  const uuid = await waitingNode()
  const digest = (await conductor.store.node(uuid))?.internal.netboot?.files['deploy_kernel']?.digest ?? ''
  await rm(path.join(directory, 'state', 'netboot', 'cache', digest))
  expect((await get(`/node/${uuid}/1/deploy_kernel`)).status).toBe(404)
  expect((await get(`/node/${uuid}/1/gave-up`)).status).toBe(200)
  await until(async () => (await signs(uuid)).includes('gave_up'))
  expect(await signs(uuid)).toEqual(['power_on', 'kernel_missing', 'gave_up'])
})

test('a check tries everything but power', async () => {
  const uuid = await waitingNode()
  await rm(path.join(directory, 'ramdisk.zst'))
  const made = await fetch(`${conductor.url}/ferrite/v1/nodes/${uuid}/check`, { method: 'POST' })
  const { results, good } = (await made.json()) as { results: { name: string; result: string }[]; good: boolean }
  expect(good).toBe(false)
  const found = Object.fromEntries(results.map(({ name, result }) => [name, result]))
  expect(found).toMatchObject({
    bmc: 'ok',
    power: 'ok',
    boot_device: 'ok',
    port: 'ok',
    deploy_kernel: 'ok',
    deploy_ramdisk: 'failed',
    architecture: 'skipped',
    boot_url: 'warning',
    dhcp: 'ok',
    image: 'skipped',
  })
  const kept = await fetch(`${conductor.url}/ferrite/v1/nodes/${uuid}/check`)
  expect(await kept.json()).toMatchObject({ results })
})

test('a boot address that only machines can reach is a warning of the check, not a failure', async () => {
  await tearDown()
  // No computer has the broadcast address, and connecting to it fails before anything is sent.
  await setUp({ ramdisk_endpoint: 'http://255.255.255.255:6386' })
  const uuid = await waitingNode()
  const made = await fetch(`${conductor.url}/ferrite/v1/nodes/${uuid}/check`, { method: 'POST' })
  const { results } = (await made.json()) as { results: { name: string; result: string; detail: string }[] }
  expect(results.find(({ name }) => name === 'boot_url')).toMatchObject({
    result: 'warning',
    detail: expect.stringMatching(/; that is no address of this computer/) as unknown,
  })
})

test('a machine of which nothing is seen fails at the limit for that, with the reason', async () => {
  await tearDown()
  await setUp({ check_provision_state_interval: 0.05, boot_firmware_timeout: 0.3, boot_stage_timeout: 0.3 })
  const uuid = await waitingNode()
  const failed = async () => {
    await until(async () => (await conductor.store.node(uuid))?.provision_state === 'clean failed')
    return (await conductor.store.node(uuid))?.last_error
  }
  expect(await failed()).toMatch(/the machine is on, but it fetched nothing from here.+Last seen: power on/)
})
