import { expect, test } from 'vitest'
import type { Findings } from '@ferrite/conductor/core/findings'
import { redfishInspect } from '@ferrite/conductor/drivers/inspect/redfish'
import { redfishDrivers } from './redfish-bench.ts'
import { vendorBmc } from './redfish-vendor-bmc.ts'
import { vendors } from './redfish-vendors.ts'

test('an inspection of a BMC that does not know its machine names what is missing, and keeps nothing', async () => {
  const { url } = await vendorBmc(vendors.terse)
  const { bmcs, task } = await redfishDrivers({ redfish_address: url })
  const findings: Findings = {
    ports: async () => [],
    createPort: async () => true,
    updatePort: async () => {},
    deletePort: async () => {},
    rules: async () => [],
  }
  const { inspectSteps } = redfishInspect(bmcs, findings)
  await expect(inspectSteps[0]?.run(task)).rejects.toThrow(/does not say: .*memory_mb/)
  expect(task.node.properties).toEqual({})
})
