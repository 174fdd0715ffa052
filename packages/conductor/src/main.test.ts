import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from './config.ts'
import { systemClock } from './core/clock.ts'
import { runConductor } from './main.ts'
import { openSqliteStore } from './store/sqlite.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((done) => {
    server.close(done)
  })
  return port
}

test('a conductor that cannot start ends, and leaves no listener behind that would answer for it', async () => {
  const state_dir = await mkdtemp(path.join(tmpdir(), 'ferrite-main-'))
  onTestFinished(() => rm(state_dir, { recursive: true }))
  await openSqliteStore({ directory: state_dir, clock: systemClock, host: 'one' })[Symbol.asyncDispose]()
  const db = new DatabaseSync(path.join(state_dir, 'ferrite.db'))
  db.exec(`CREATE TRIGGER no BEFORE INSERT ON conductors BEGIN SELECT RAISE(ABORT, 'not today'); END`)
  db.close()
  const port = await freePort()
  const flags = { state_dir, listen: `127.0.0.1:${port}`, ramdisk_listen: '127.0.0.1:0', log_level: 'silent' }
  await expect(runConductor(loadConfig({ env: {}, flags }))).rejects.toThrow('not today')
  await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})
