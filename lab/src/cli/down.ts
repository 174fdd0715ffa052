import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@ferrite/shared/fault'
import { askLab, forgetRecord, isAlive, readRecord } from './control.ts'
import type { LabRecord } from './control.ts'

const patienceMs = 30_000

/** Stops the lab and removes all of it, also of one that was killed or does not answer. False when there was none. */
export async function labDown(): Promise<boolean> {
  const found = await readRecord()
  if (!found) return false
  if (await isAlive(found.pid)) await stop(found)
  await clearAway(found)
  return true
}

async function stop({ pid }: LabRecord): Promise<void> {
  await askLab('down').catch(() => process.kill(pid, 'SIGTERM'))
  if (await isGone(pid, patienceMs)) return
  // Its machines die with it: the kernel sees to that.
  process.kill(pid, 'SIGKILL')
  if (!(await isGone(pid, 5_000))) throw new Fault('timeout', `the lab's process ${pid} does not end`)
}

async function isGone(pid: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (await isAlive(pid)) {
    if (performance.now() > deadline) return false
    await delay(50)
  }
  return true
}

/** Removes what a lab without a process has left. */
export async function clearAway({ dirs }: LabRecord): Promise<void> {
  for (const directory of dirs) await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  await forgetRecord()
}
