import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { Agent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { liveAgent } from '@ferrite/agent/agent'
import { systemClock } from '@ferrite/agent/clock'
import { conductorClient } from '@ferrite/agent/conductor-client'
import { configFrom } from '@ferrite/agent/config'
import { virtualHardware } from '@ferrite/agent/hardware/virtual'
import { parseKernelParams } from '@ferrite/agent/kernel-params'
import { makeSyntheticImage } from '@ferrite/lab/image/synthetic-image'
import { commandList } from '@ferrite/shared/contracts/agent-api'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import type { Heartbeat } from '@ferrite/shared/contracts/callback'
import { cleanCommands, deployCommands, lookup, mac, uuid } from './recorded/ironic-21.4.ts'
import type { Sent } from './recorded/ironic-21.4.ts'

const MiB = 1024 * 1024
const token = 'a-token-of-the-virtual-medium-0123456789abc'

/** Ironic as our agent sees it: the recorded lookup, heartbeats taken, and an image for it to fetch. */
async function ironic(image: Buffer) {
  const beats: Heartbeat[] = []
  let onBeat = () => {}
  const server = createServer((asked, answer) => {
    const [where = ''] = asked.url?.split('?') ?? []
    const json = (body: object) => answer.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    if (where === '/disk.raw') return answer.setHeader('content-length', image.length).end(image)
    if (where === '/') return json({ name: 'OpenStack Ironic API', default_version: { id: 'v1', version: '1.82' } })
    if (where === '/v1/lookup') return json(lookup)
    if (where !== `/v1/heartbeat/${uuid}`) return answer.writeHead(404).end()
    return void text(asked).then((body) => {
      beats.push(JSON.parse(body) as Heartbeat)
      answer.writeHead(202).end()
      onBeat()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const first = async () => {
    while (beats.length === 0) await new Promise<void>((resolve) => (onBeat = resolve))
    const [beat] = beats
    if (!beat) throw new Error('no heartbeat')
    return beat
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, beats, first }
}

/** Our agent on a machine with one disk, sparse and large enough for a root device, in a ramdisk that brought the token along. */
async function machine(dir: string, apiUrl: string) {
  const disk = path.join(dir, 'disk.img')
  await using file = await open(disk, 'w')
  await file.truncate(5 * 1024 * MiB)
  const life = new AbortController()
  const dispatcher = new Agent()
  const log = pino({ level: 'silent' })
  const config = configFrom(
    parseKernelParams(`ipa-api-url=${apiUrl} ipa-agent-token=${token} ipa-listen-host=127.0.0.1 ipa-listen-port=0`),
  )
  const onPowerOff = async () => life.abort()
  const hardware = virtualHardware({ disks: [disk], macs: [mac], bootMode: 'uefi', onPowerOff, onReboot: onPowerOff })
  const client = conductorClient({ urls: config['ipa-api-url'], dispatcher, timeoutMs: 5_000, log })
  const ended = liveAgent({ config, hardware, client, clock: systemClock, log, signal: life.signal })
  onTestFinished(async () => {
    life.abort()
    await ended.catch(() => undefined)
    await dispatcher.destroy()
  })
  return { disk, ended }
}

/** Sends as Ironic does: the token with commands only, and the list read until the last of them has ended. */
function caller({ callback_url, agent_verify_ca }: Heartbeat) {
  const dispatcher = new Agent({ connect: { ca: agent_verify_ca ?? '' } })
  onTestFinished(() => dispatcher.destroy())
  const list = async () => {
    const answer = await request(`${callback_url}/v1/commands/`, { dispatcher })
    return commandList.parse(await answer.body.json()).commands
  }
  return async ({ wait, name, params }: Sent): Promise<Command> => {
    const answer = await request(`${callback_url}/v1/commands/?wait=${wait}&agent_token=${token}`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, params }),
    })
    expect(answer.statusCode).toBe(200)
    const begun = (await answer.body.json()) as Command
    expect(begun.command_status).toBe(wait ? 'SUCCEEDED' : 'RUNNING')
    if (name === 'standby.power_off') return begun
    let last: Command | undefined
    do last = (await list()).at(-1)
    while (last?.command_status === 'RUNNING')
    if (!last) throw new Error(`the agent does not list ${name}`)
    return last
  }
}

test('the exchange recorded with a real Ironic 21.4 leads our agent through a deployment and a cleaning', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'ironic-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await makeSyntheticImage(path.join(dir, 'disk.raw'), { sizeBytes: 24 * MiB })
  const image = await readFile(path.join(dir, 'disk.raw'))
  const sha256 = createHash('sha256').update(image).digest('hex')
  const conductor = await ironic(image)
  const { disk, ended } = await machine(dir, conductor.url)
  const first = await conductor.first()
  expect(Object.keys(first).toSorted()).toEqual(['agent_token', 'agent_verify_ca', 'agent_version', 'callback_url'])
  const send = caller(first)

  for (const command of cleanCommands) expect((await send(command)).command_error).toBeNull()

  const url = `${conductor.url}/disk.raw`
  const configdrive = gzipSync(Buffer.alloc(64 * 1024, 'drive')).toString('base64')
  const results: Record<string, unknown> = {}
  for (const command of deployCommands({ url, sha256, configdrive })) {
    const { command_name, command_error, command_result } = await send(command)
    expect({ command_name, command_error }).toEqual({ command_name: command.name.split('.')[1], command_error: null })
    results[command_name] = command_result
  }
  await ended

  expect(results['execute_deploy_step']).toMatchObject({
    deploy_result: { result: expect.stringContaining('prepare_image: image (disk.raw) written to device') },
    deploy_step: { interface: 'deploy', step: 'write_image' },
  })
  expect(results['get_partition_uuids']).toMatchObject({ 'root uuid': '0x00000000' })
  // Between the partition tables, which were made to fit the disk.
  const body = image.subarray(MiB, image.length - MiB)
  await using written = await open(disk)
  const { buffer } = await written.read({ buffer: Buffer.alloc(body.length), position: MiB })
  expect(buffer.equals(body)).toBe(true)
  expect(conductor.beats.every(({ agent_token }) => agent_token === token)).toBe(true)
})
