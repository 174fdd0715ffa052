import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { explain } from '@ferrite/shared/fault'
import { forgetRecord, openControl, writeRecord } from './control.ts'
import type { UpOptions } from './options.ts'
import { runLab } from './run-lab.ts'

// The process of a lab in the background. Its parent hears how it starts, and then goes.
const up = JSON.parse(process.argv[2] ?? '{}') as UpOptions
const stopped = Promise.withResolvers<void>()
process.once('SIGINT', () => stopped.resolve())
process.once('SIGTERM', () => stopped.resolve())
process.on('SIGHUP', () => {})

const tell = (message: object) => {
  if (process.connected) process.send?.(message)
}
const say = (progress: string) => tell({ progress })
const hangUp = () => {
  if (process.connected) process.disconnect?.()
}
try {
  await live()
} catch (error) {
  tell({ error: explain(error) })
  console.error(explain(error))
  process.exitCode = 1
} finally {
  await forgetRecord()
  hangUp()
}

async function live(): Promise<void> {
  const door = await mkdtemp(path.join(tmpdir(), 'fl-'))
  const dir = up.dir ?? (await mkdtemp(path.join(tmpdir(), 'ferrite-lab-')))
  const own = up.dir === undefined ? [door, dir] : [door]
  try {
    await writeRecord({ pid: process.pid, socket: path.join(door, 'control'), dirs: own })
    // What is in a directory that the record names is gone after `lab down`, however the lab ended.
    await using lab = await runLab({ ...up, dir, socketDir: door }, say)
    lab.onChange((line) => console.log(`${new Date().toISOString()} ${line}`))
    await using _control = await openControl(path.join(door, 'control'), async (question) => {
      if (question === 'status') return await lab.view()
      stopped.resolve()
      return undefined
    })
    tell({ ready: await lab.view() })
    hangUp()
    await stopped.promise
  } finally {
    for (const directory of own) await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
}
