import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { isAlive, labLog, readRecord } from './control.ts'
import { clearAway } from './down.ts'
import { labView } from './lab-view.ts'
import type { LabView } from './lab-view.ts'
import type { UpOptions } from './options.ts'

const daemon = fileURLToPath(new URL('daemon.ts', import.meta.url))
const message = z.object({
  progress: z.string().optional(),
  error: z.string().optional(),
  ready: labView.optional(),
})

/** Starts a lab in the background and returns when it is ready. Fault conflict when one runs already. */
export async function labUp(up: UpOptions, say: (line: string) => void): Promise<LabView> {
  const other = await readRecord()
  if (other && (await isAlive(other.pid))) {
    throw new Fault('conflict', 'a lab is running already: pnpm lab status, pnpm lab down')
  }
  if (other) await clearAway(other)
  mkdirSync(path.dirname(labLog), { recursive: true })
  const log = openSync(labLog, 'a')
  const child = spawn(process.execPath, [daemon, JSON.stringify(up)], {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  })
  closeSync(log)
  const onSignal = () => void child.kill('SIGTERM')
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await new Promise<LabView>((resolve, reject) => {
      child.on('message', (given) => {
        const { progress, error, ready } = message.parse(given)
        if (progress) say(progress)
        if (error) reject(new Fault('step_failed', error))
        if (ready) resolve(ready)
      })
      child.on('error', reject)
      child.on('exit', (code, signal) =>
        reject(new Fault('step_failed', `the lab ended with ${code ?? signal} while it started; see ${labLog}`)),
      )
    })
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    child.unref()
  }
}
