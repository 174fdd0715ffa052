import { open } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { askTenant, deployed, enrolled, machineBench, missing } from './machine-bench.ts'

test.skipIf(missing).each([
  { bmc: 'ipmi', firmware: 'bios', net: 'switch', from: 'Pxe' },
  { bmc: 'redfish', firmware: 'uefi', net: 'netns', from: 'Cd' },
] as const)(
  'a machine without power comes to run the image: $bmc, $firmware, networks by $net',
  async ({ bmc, firmware, net, from }) => {
    const bench = await machineBench({ net, machines: [{ bmc, firmware }] })
    const { lab } = bench
    const [first] = lab.machines
    if (!first) throw new Error('the lab has no machine')
    const { uuid } = await enrolled(bench, first)
    expect(lab.network.switch.networkOf(first.machine.macs[0] ?? '')).toBe('provisioning')

    const node = await deployed(bench, uuid, 'web-01')
    expect(node).toMatchObject({ provision_state: 'active', power_state: 'power on', last_error: null })
    expect(lab.network.switch.networkOf(first.machine.macs[0] ?? '')).toBe('tenant')
    await first.machine.until('running', 'nothing to boot', 'hung', 'off')
    expect(first.machine.reason).toBe('prompt of web-01')
    expect(first.machine.boots.map((boot) => boot.from)).toEqual([from, 'Hdd'])
    expect(first.machine.media.size).toBe(0)

    expect(await askTenant(lab, first)).toBe('web-01')
    const leases = await lab.network.leases()
    expect(leases.at(-1)).toMatchObject({ address: expect.stringMatching(/^10\.77\.0\./), hostname: 'web-01' })
    expect(await hasLabel(first.machine.disk.path, 'config-2')).toBe(true)
  },
)

/** Whether an ISO file system with this label lies somewhere at a MiB of the disk's last 128. */
async function hasLabel(disk: string, label: string): Promise<boolean> {
  await using file = await open(disk)
  const { size } = await file.stat()
  const step = 512
  const bytes = Buffer.alloc(128 << 20)
  await file.read(bytes, 0, bytes.length, Math.max(0, size - bytes.length))
  for (let at = 0; at + 32_808 + 8 < bytes.length; at += step) {
    if (bytes.toString('latin1', at + 32_808, at + 32_808 + label.length) === label) return true
  }
  return false
}
