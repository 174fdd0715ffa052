import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openBmcs } from '@ferrite/conductor/bmc/redfish/bmcs'
import { redfishPower } from '@ferrite/conductor/drivers/power/redfish'
import { openSessionVault } from '@ferrite/conductor/keep-sessions'
import { hastyClock, redfishBench } from './redfish-bench.ts'

test('a conductor that dies takes its session up again: thirty lives need one', async () => {
  const { bmc, stateDir, task } = await redfishBench()
  for (let life = 0; life < 30; life += 1) {
    const power = redfishPower(oneLife(stateDir))
    await power.getPowerState(task)
  }
  expect(bmc.openSessions).toBe(1)
})

test('a kept session that the BMC has forgotten is replaced; a clean stop closes the last one', async () => {
  const { bmc, stateDir, task } = await redfishBench()
  await redfishPower(oneLife(stateDir)).getPowerState(task)
  bmc.faults = { forgetSessions: true }
  const last = oneLife(stateDir)
  expect(await redfishPower(last).getPowerState(task)).toBe('power off')
  await last[Symbol.asyncDispose]()
  expect(bmc.openSessions).toBe(0)
})

test('a kept session is of no use with another password', async () => {
  const { stateDir, driver_info, task } = await redfishBench()
  await redfishPower(oneLife(stateDir)).getPowerState(task)
  driver_info['redfish_password'] = 'guessed'
  await expect(redfishPower(oneLife(stateDir)).getPowerState(task)).rejects.toMatchObject({ code: 'bmc_refused' })
})

/** What one conductor process would hold; nothing of it is closed before the test ends, as after a kill -9. */
function oneLife(stateDir: string) {
  const bmcs = openBmcs({ clock: hastyClock(), log: pino({ level: 'silent' }), vault: openSessionVault(stateDir) })
  onTestFinished(() => bmcs[Symbol.asyncDispose]())
  return bmcs
}
