import { expect, test } from 'vitest'
import type { CheckResult } from '@ferrite/conductor/core/interfaces'
import { redfishBench } from './redfish-bench.ts'

type Bench = Awaited<ReturnType<typeof redfishBench>>

async function checked({ task, power, management, boot }: Bench): Promise<Record<string, CheckResult>> {
  const rows = [await power.check?.(task), await management.check?.(task), await boot.check?.(task)].flatMap(
    (some) => some ?? [],
  )
  return Object.fromEntries(rows.map((row) => [row.name, row]))
}

test('a check of a healthy Redfish machine tries the BMC, the boot device, the virtual drives and the ISO', async () => {
  const bench = await redfishBench()
  const rows = await checked(bench)
  expect(Object.entries(rows).map(([name, { result }]) => [name, result])).toEqual([
    ['bmc', 'ok'],
    ['power', 'ok'],
    ['boot_device', 'ok'],
    ['virtual_media', 'ok'],
    ['deploy_iso', 'ok'],
  ])
  expect(rows['power']?.detail).toBe('reads "power off"')
  expect(bench.machine.power).toBe('Off')
})

test('a wrong password is told by the check, and nothing is said to be good that needs it', async () => {
  const bench = await redfishBench()
  bench.driver_info['redfish_password'] = 'wrong'
  const rows = await checked(bench)
  expect(rows['bmc']).toMatchObject({
    result: 'failed',
    detail: expect.stringMatching(/user name or password/) as unknown,
  })
  expect(rows['power']).toMatchObject({ result: 'skipped' })
  expect(rows['virtual_media']).toMatchObject({ result: 'failed' })
})

test('an ISO that is not there is told, and one that only the BMC might reach is a warning', async () => {
  const bench = await redfishBench()
  const { origin } = new URL(String(bench.driver_info['deploy_iso']))
  bench.driver_info['deploy_iso'] = `${origin}/nothing.iso`
  expect((await checked(bench))['deploy_iso']).toMatchObject({
    result: 'failed',
    detail: `${origin}/nothing.iso answers 404`,
  })
  bench.driver_info['deploy_iso'] = 'http://127.0.0.1:9/deploy.iso'
  expect((await checked(bench))['deploy_iso']).toMatchObject({ result: 'warning' })
})
