import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { exitStatus, runAgent } from './run-agent.ts'
import type { AgentFlags } from './run-agent.ts'

const token = 'run-agent-token-run-agent-token-run-agent-token'
const standalone = `ipa-standalone=1 ipa-agent-token=${token} ipa-listen-host=127.0.0.1 ipa-listen-port=0`

async function start(flags: Partial<AgentFlags>) {
  const lines: string[] = []
  const waiting: (() => void)[] = []
  const out = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      waiting.splice(0).forEach((wake) => wake())
      done()
    },
  })
  const base = { kernelParams: standalone, disks: [], macs: [], bootMode: 'bios' as const, ramdisk: false }
  const status = runAgent({ ...base, ...flags }, pino(out))
  const said = async (text: string) => {
    while (!lines.join('').includes(text)) await new Promise<void>((resolve) => void waiting.push(resolve))
    return lines.find((line) => line.includes(text)) ?? ''
  }
  return { status, lines, said }
}

async function makeDisk(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'run-agent-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const disk = path.join(dir, 'disk.img')
  await writeFile(disk, '')
  await truncate(disk, 8 * 1024 * 1024)
  return disk
}

async function command(serving: string, name: string): Promise<void> {
  const { url } = JSON.parse(serving) as { url: string }
  const body = JSON.stringify({ name, params: {} })
  await fetch(`${url}/v1/commands/?agent_token=${token}`, { method: 'POST', body })
}

const machine = async () => ({ disks: [await makeDisk()], macs: ['52:54:00:00:00:01'] })

test('on a computer that is no ramdisk nothing is touched unless a flag asks for it', async () => {
  const { status, lines } = await start({})
  expect(await status).toBe(exitStatus.failed)
  expect(lines.join('')).toContain('this is not a deploy ramdisk')
})

test.each([
  ['standby.power_off', exitStatus.powerOff],
  ['standby.run_image', exitStatus.reboot],
])('%s of a virtual machine ends the process with %i', async (name, expected) => {
  const agent = await start(await machine())
  await command(await agent.said('"serving"'), name)
  expect(await agent.status).toBe(expected)
})

test('SIGTERM stops it cleanly, and does not look like a power-off', async () => {
  const agent = await start(await machine())
  await agent.said('"serving"')
  process.emit('SIGTERM')
  expect(await agent.status).toBe(exitStatus.terminated)
  expect(agent.lines.join('')).toContain('stopped serving')
})

test.each([
  ['quiet', /ipa-api-url is missing/],
  ['ipa-api-url=mdns', /ipa-api-url/],
  ['ipa-api-url=http://127.0.0.1:1 ferrite-ca-file=/does/not/exist', /\/does\/not\/exist/],
])('with the parameters %j it fails at once and says why', async (kernelParams, text) => {
  const agent = await start({ ...(await machine()), kernelParams })
  expect(await agent.status).toBe(exitStatus.failed)
  expect(agent.lines.join('')).toMatch(text)
})
