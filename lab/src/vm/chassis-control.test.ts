import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startLab } from '../lab.ts'
import { openIpmiBmc } from './bmc-ipmi.ts'
import { openChassisControl } from './chassis-control.ts'
import { programFile } from './needs.ts'

const run = promisify(execFile)
const lacking = !['perl', 'ipmi_sim', 'ipmitool'].every((name) => programFile(name))

/** Any machine of the lab behind ipmi_sim; the client is Debian's. */
async function bench() {
  const directory = await mkdtemp(path.join(tmpdir(), 'fl-'))
  const lab = await startLab({ conductor: false, machines: [{ name: 'one', firmwareDelayMs: 60_000 }] })
  const [first] = lab.machines
  if (!first) throw new Error('the lab has no machine')
  const chassis = await openChassisControl(directory)
  chassis.add(first.machine)
  const bmc = await openIpmiBmc(first.machine, { program: chassis.program, dir: directory })
  onTestFinished(async () => {
    await bmc[Symbol.asyncDispose]()
    await chassis[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  const address = ['-I', 'lanplus', '-C', '3', '-H', bmc.address, '-p', String(bmc.port)]
  const ipmitool = async (...words: string[]) => {
    const login = ['-U', bmc.account.username, '-P', bmc.account.password]
    return (await run('ipmitool', [...address, ...login, ...words])).stdout.trim()
  }
  return { machine: first.machine, ipmitool, program: chassis.program }
}

test.skipIf(lacking)('Debian’s ipmitool powers a machine on and off through OpenIPMI’s BMC', async () => {
  const { machine, ipmitool } = await bench()
  expect(await ipmitool('chassis', 'power', 'status')).toBe('Chassis Power is off')
  await ipmitool('chassis', 'power', 'on')
  expect(machine.power).toBe('On')
  await ipmitool('chassis', 'power', 'off')
  expect(machine.power).toBe('Off')
})

test.skipIf(lacking)('a boot device set over IPMI is for the next boot', async () => {
  const { machine, ipmitool } = await bench()
  await ipmitool('chassis', 'bootdev', 'pxe')
  expect(machine.override).toMatchObject({ enabled: 'Once', target: 'Pxe' })
  expect(await ipmitool('chassis', 'bootparam', 'get', '5')).toContain('Force PXE')
  await ipmitool('chassis', 'bootdev', 'disk')
  expect(machine.override).toMatchObject({ enabled: 'Once', target: 'Hdd' })
})

test.skipIf(lacking)('what is no machine or no word of the protocol is refused', async () => {
  const { program } = await bench()
  await expect(run(program, ['two', 'get', 'power'])).rejects.toMatchObject({ code: 1 })
  await expect(run(program, ['one', 'set', 'colour', 'blue'])).rejects.toMatchObject({ code: 1 })
})
