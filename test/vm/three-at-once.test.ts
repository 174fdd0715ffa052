import { expect, test } from 'vitest'
import { askTenant, deployed, enrolled, machineBench, missing } from './machine-bench.ts'

test.skipIf(missing)('three machines are deployed at once by one conductor, each as it should be', async () => {
  const bench = await machineBench({
    machines: [
      { bmc: 'ipmi', firmware: 'bios' },
      { bmc: 'redfish', firmware: 'bios' },
      { bmc: 'ipmi', firmware: 'uefi' },
    ],
  })
  const { machines } = bench.lab
  const nodes = await Promise.all(machines.map((machine) => enrolled(bench, machine)))
  const names = nodes.map((_, i) => `tenant-${i + 1}`)
  const ends = await Promise.all(nodes.map(({ uuid }, i) => deployed(bench, uuid, names[i] ?? '')))
  expect(ends.map((node) => [node.provision_state, node.last_error])).toEqual(nodes.map(() => ['active', null]))
  const told = await Promise.all(machines.map((machine) => askTenant(bench.lab, machine, 180_000)))
  expect(told).toEqual(names)
})
