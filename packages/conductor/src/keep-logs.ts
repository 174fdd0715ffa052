import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from './core/clock.ts'

/** Keeps the logs that an agent handed over; returns the file. */
export async function keepLogs(stateDir: string, clock: Clock, uuid: string, archive: Buffer): Promise<string> {
  const dir = path.join(stateDir, 'logs')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const file = path.join(dir, `${uuid}_${clock.now().toISOString().replaceAll(':', '-')}.tar.gz`)
  await writeFile(file, archive, { mode: 0o600 })
  return file
}
