import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import { Secret } from '@ferrite/shared/secret'
import { createGate } from './api/gate.ts'
import { agentApi } from './api/server.ts'
import { createRunner } from './commands/runner.ts'
import { commands } from './commands/table.ts'
import { fakeClock } from './fake-clock.ts'
import { virtualHardware } from './hardware/virtual.ts'

/** The token of every test agent. */
export const testToken = 'good-token-good-token-good-token-good-token'

export type Answer = {
  status: number
  body: { faultstring?: string; commands?: Command[] } & Partial<Command>
  headers: Headers
}

/** An agent whose power-off waits until told, so that there is a command that runs. */
export async function startTestAgent() {
  const dir = await mkdtemp(path.join(tmpdir(), 'api-'))
  const disk = path.join(dir, 'disk.img')
  await writeFile(disk, '')
  await truncate(disk, 8 * 1024 * 1024)
  const off = Promise.withResolvers<void>()
  const logged: string[] = []
  const log = pino(
    { level: 'trace' },
    new Writable({ write: (chunk, _, done) => (logged.push(String(chunk)), done()) }),
  )
  const clock = fakeClock()
  const hardware = virtualHardware({
    disks: [disk],
    macs: ['52:54:00:00:00:01'],
    bootMode: 'bios',
    onPowerOff: () => off.promise,
    onReboot: async () => {},
  })
  const known: { token: Secret | undefined } = { token: new Secret(testToken) }
  const ended: number[] = []
  const stop = new AbortController()
  const runner = createRunner({
    table: commands,
    context: {
      hardware,
      log,
      memory: {},
      settings: {
        ignoreBootloaderFailure: false,
        insecure: false,
        limits: { maxFruitlessAttempts: 1, retryPauseMs: 1 },
      },
      lockDown: () => {},
      retire: () => {},
      lookup: () => ({ heartbeat_timeout: 300, agent_md5_checksum_enable: false }),
    },
    signal: stop.signal,
    onAsyncEnd: () => void ended.push(1),
  })
  const gate = createGate({ token: () => known.token, clock, log })
  const app = await agentApi({ runner, gate, log, startedAt: new Date(0), onSeen: () => {} })
  const { base, ask, post } = await callers(app)
  return {
    ask,
    post,
    off,
    known,
    logged,
    ended,
    clock,
    base,
    async [Symbol.asyncDispose]() {
      off.resolve()
      stop.abort()
      await app.close()
      await rm(dir, { recursive: true })
    },
  }
}

/** Calls of the API: any, and a command with the token. */
async function callers(app: FastifyInstance) {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const ask = async (method: string, url: string, init: RequestInit = {}): Promise<Answer> => {
    const answer = await fetch(base + url, { method, ...init })
    const text = await answer.text()
    return { status: answer.status, body: text ? (JSON.parse(text) as Answer['body']) : {}, headers: answer.headers }
  }
  const post = (name: unknown, params: unknown = {}, more: { wait?: string; headers?: Record<string, string> } = {}) =>
    ask('POST', `/v1/commands/?wait=${more.wait ?? 'true'}&agent_token=${testToken}`, {
      body: JSON.stringify({ name, params }),
      headers: { 'content-type': 'application/json', ...more.headers },
    })
  return { base, ask, post }
}

export type TestAgent = Awaited<ReturnType<typeof startTestAgent>>
