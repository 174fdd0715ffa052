import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { KernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import { startLab } from './lab.ts'
import type { MachineSpec } from './lab-machine.ts'

/** A machine that boots the real agent, and the conductor's door, where its lookups are counted. */
async function bench(spec: MachineSpec = {}) {
  const door = createServer((request, response) => {
    const url = decodeURIComponent(request.url ?? '')
    if (url.startsWith('/v1/lookup')) {
      lookups.push({ from: request.socket.remoteAddress ?? '', url })
      door.emit('lookup')
    }
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
  })
  const lookups: { from: string; url: string }[] = []
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  const api = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
  const netboot = (): KernelArgs => [
    ['ipa-api-url', api],
    ['ipa-lookup-interval', '0.05'],
  ]
  const lab = await startLab({ machines: [{ netboot, firmwareDelayMs: 0, ...spec }], conductor: false })
  onTestFinished(async () => {
    await lab[Symbol.asyncDispose]()
    door.closeAllConnections()
    door.close()
  })
  const [first] = lab.machines
  if (!first) throw new Error('the lab has no machine')
  return { lab, door, lookups, ...first }
}

test('a network boot starts the real agent, which looks itself up from the machine’s own address', async () => {
  const { machine, door, lookups } = await bench()
  machine.override = { enabled: 'Once', target: 'Pxe', mode: 'UEFI' }
  machine.powerOn()
  await once(door, 'lookup')
  expect(machine.state).toBe('ramdisk')
  expect(lookups[0]?.url).toContain(`addresses=${machine.macs[0]}`)
  expect(lookups[0]?.from).toMatch(/^127\.(?!0\.0\.1$)/)
  expect(machine.override.enabled).toBe('Disabled')
})

test('power off ends the agent at once', async () => {
  const { machine, door } = await bench()
  machine.override = { enabled: 'Once', target: 'Pxe', mode: 'UEFI' }
  machine.powerOn()
  await once(door, 'lookup')
  const pid = machine.agentPid ?? 0
  await machine.powerOff()
  expect(machine.power).toBe('Off')
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
})

test('an agent that dies leaves the machine on', async () => {
  const { machine, door } = await bench()
  machine.override = { enabled: 'Once', target: 'Pxe', mode: 'UEFI' }
  machine.powerOn()
  await once(door, 'lookup')
  await machine.killAgent()
  await machine.until('hung')
  expect(machine.power).toBe('On')
})

test('a machine whose port is moved away reaches nobody any more', async () => {
  const { machine, door, lab, lookups } = await bench()
  machine.override = { enabled: 'Once', target: 'Pxe', mode: 'UEFI' }
  machine.powerOn()
  await once(door, 'lookup')
  await lab.switch.move(machine.macs[0] ?? '', 'tenant')
  const before = lookups.length
  await new Promise((resolve) => setTimeout(resolve, 400))
  // One may have been on its way.
  expect(lookups.length - before).toBeLessThanOrEqual(1)
  void lab.switch.move(machine.macs[0] ?? '', 'provisioning')
  await once(door, 'lookup')
})

test('an empty disk has nothing to boot, one with an active partition or a GPT runs', async () => {
  const { machine } = await bench()
  machine.powerOn()
  expect(await machine.until('nothing to boot', 'running')).toBe('nothing to boot')

  const disk = Buffer.alloc(1 << 20)
  disk.writeUInt16LE(0xaa55, 510)
  disk.writeUInt8(0x80, 446)
  disk.writeUInt8(0x83, 450)
  await writeFile(machine.disk.path, disk)
  await machine.reset()
  expect(await machine.until('nothing to boot', 'running')).toBe('running')

  disk.fill(0, 446, 510)
  await writeFile(machine.disk.path, disk)
  await machine.reset()
  expect(await machine.until('nothing to boot', 'running')).toBe('nothing to boot')

  disk.write('EFI PART', 512, 'latin1')
  await writeFile(machine.disk.path, disk)
  await machine.reset()
  expect(await machine.until('nothing to boot', 'running')).toBe('running')
})

test('the virtual CD boots, and parameters of the second medium win', async () => {
  const { machine, lab, door } = await bench()
  machine.override = { enabled: 'Once', target: 'Cd', mode: 'UEFI' }
  machine.powerOn()
  expect(await machine.until('nothing to boot', 'ramdisk')).toBe('nothing to boot')
  expect(machine.reason || machine.boots.at(-1)?.found).toContain('empty')
  await machine.powerOff()

  const { writeIso } = await import('@ferrite/conductor/iso/write')
  const api = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
  const parameters = Buffer.from(`ipa-api-url=${api}\nipa-lookup-interval=0.05\n`)
  const iso = await lab.images.add(
    'p.iso',
    writeIso({ volumeId: 'ir-vfd-dev', files: { 'parameters.txt': parameters } }),
  )
  machine.media.set('Cd', lab.deployIso)
  machine.media.set('USBStick', iso.url)
  machine.override = { enabled: 'Once', target: 'Cd', mode: 'UEFI' }
  machine.powerOn()
  await once(door, 'lookup')
  expect(machine.state).toBe('ramdisk')
})
