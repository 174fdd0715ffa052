import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { Agent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import type { Heartbeat } from '@ferrite/shared/contracts/callback'
import { liveAgent } from './agent.ts'
import { systemClock } from './clock.ts'
import { conductorClient } from './conductor-client.ts'
import { configFrom } from './config.ts'
import { virtualHardware } from './hardware/virtual.ts'
import { parseKernelParams } from './kernel-params.ts'

const uuid = '11111111-2222-4333-8444-555555555555'
const token = randomBytes(32).toString('base64url')
const MiB = 1024 * 1024

/** A conductor as far as an agent sees one: it knows one MAC, and keeps the heartbeats. */
async function fakeConductor(config: object = {}) {
  const app = fastify()
  const beats: Heartbeat[] = []
  const reports: unknown[] = []
  const waiting: ((beat: Heartbeat) => void)[] = []
  app.get('/', () => ({ default_version: { version: '1.82' } }))
  app.get('/v1/lookup', () => ({
    node: { uuid, properties: {} },
    config: { heartbeat_timeout: 300, agent_token: token, ...config },
  }))
  app.post('/v1/heartbeat/:node', (call, reply) => {
    const beat = call.body as Heartbeat
    beats.push(beat)
    waiting.splice(0).forEach((resolve) => resolve(beat))
    return reply.code(202).send()
  })
  app.post('/ferrite/v1/progress', (call, reply) => {
    reports.push(call.body)
    return reply.code(204).send()
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  return { url, beats, reports, nextBeat: () => new Promise<Heartbeat>((resolve) => void waiting.push(resolve)) }
}

/** A whole-disk image: an MBR with one partition, then noise. */
function makeImage(): Buffer {
  const image = randomBytes(3 * MiB)
  image.fill(0, 440, 512)
  image.writeUInt32LE(0x1234abcd, 440)
  image.writeUInt8(0x83, 450)
  image.writeUInt32LE(2048, 454)
  image.writeUInt32LE(2048, 458)
  image.writeUInt16LE(0xaa55, 510)
  return image
}

async function serve(content: Buffer): Promise<string> {
  const server = createServer((_request, response) => void response.end(content)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/image`
}

/** An agent on a machine with one empty disk; it lives until the machine is turned off or the test ends. */
async function startAgent(apiUrl: string, params = '') {
  const dir = await mkdtemp(path.join(tmpdir(), 'agent-'))
  const disk = path.join(dir, 'disk.img')
  await writeFile(disk, '')
  await using file = await open(disk, 'r+')
  await file.truncate(32 * MiB)
  const life = new AbortController()
  const dispatcher = new Agent()
  const log = pino({ level: 'silent' })
  const config = configFrom(
    parseKernelParams(`ipa-api-url=${apiUrl} ipa-listen-host=127.0.0.1 ipa-listen-port=0 ${params}`),
  )
  const hardware = virtualHardware({
    disks: [disk],
    macs: ['52:54:00:00:00:01'],
    bootMode: 'bios',
    onPowerOff: async () => life.abort(),
    onReboot: async () => life.abort(),
  })
  const client = conductorClient({ urls: config['ipa-api-url'], dispatcher, timeoutMs: 5_000, log })
  const ended = liveAgent({ config, hardware, client, clock: systemClock, log, signal: life.signal })
  onTestFinished(async () => {
    life.abort()
    await ended.catch(() => undefined)
    await dispatcher.destroy()
    await rm(dir, { recursive: true })
  })
  return { disk, ended }
}

/** Commands by the callback URL, trusting the certificate of the heartbeat and no other. */
function commander({ callback_url, agent_verify_ca }: Heartbeat) {
  const dispatcher = new Agent({ connect: { ca: agent_verify_ca ?? '' } })
  onTestFinished(() => dispatcher.destroy())
  return async (name: string, params: object = {}, wait = true): Promise<Command> => {
    const answer = await request(`${callback_url}/v1/commands/?wait=${wait}&agent_token=${token}`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, params }),
    })
    return (await answer.body.json()) as Command
  }
}

test('a deployment from the first question to the power-off, as a conductor drives it', async () => {
  const conductor = await fakeConductor({ ferrite: { progress_path: '/ferrite/v1/progress' } })
  const image = makeImage()
  const first = conductor.nextBeat()
  const agent = await startAgent(conductor.url)
  const beat = await first
  expect(beat).toMatchObject({
    agent_token: token,
    callback_url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
  })

  const node = { uuid, properties: { root_device: { name: agent.disk } } }
  const command = commander(beat)
  const steps = await command('deploy.get_deploy_steps', { node, ports: [] })
  expect(steps.command_status).toBe('SUCCEEDED')
  const { hardware_manager_version: version } = steps.command_result as { hardware_manager_version: object }

  const image_info = {
    id: 'image',
    urls: [await serve(image)],
    node_uuid: uuid,
    disk_format: 'raw',
    container_format: 'bare',
    stream_raw_images: true,
    os_hash_algo: 'sha256',
    os_hash_value: createHash('sha256').update(image).digest('hex'),
  }
  const step = { interface: 'deploy', step: 'write_image', args: { image_info, configdrive: null } }
  const ended = conductor.nextBeat()
  const begun = await command('deploy.execute_deploy_step', { step, node, ports: [], deploy_version: version }, false)
  expect(begun.command_status).toBe('RUNNING')
  await ended

  const uuids = await command('standby.get_partition_uuids')
  expect(uuids.command_result).toMatchObject({ 'root uuid': '0x1234abcd' })
  const written = await readFile(agent.disk)
  expect(written.subarray(0, image.length).equals(image)).toBe(true)
  const boot = { root_uuid: '0x1234abcd', efi_system_part_uuid: null, target_boot_mode: 'bios' }
  expect((await command('image.install_bootloader', boot)).command_status).toBe('SUCCEEDED')
  expect((await command('standby.power_off', {}, false)).command_status).toBe('RUNNING')
  await agent.ended
})

test('a failed write says why with a heartbeat at once, and leaves nothing to boot', async () => {
  const conductor = await fakeConductor()
  const first = conductor.nextBeat()
  const agent = await startAgent(conductor.url)
  const command = commander(await first)
  const node = { uuid, properties: { root_device: { name: agent.disk } } }
  const image_info = {
    id: 'i',
    urls: [await serve(makeImage())],
    os_hash_algo: 'sha256',
    os_hash_value: 'a'.repeat(64),
  }
  const step = { interface: 'deploy', step: 'write_image', args: { image_info } }
  const result = await command('deploy.execute_deploy_step', { step, node, ports: [] })
  expect(result).toMatchObject({ command_status: 'FAILED', command_error: { type: 'ImageChecksumError' } })
  expect((await readFile(agent.disk)).subarray(0, 512).every((byte) => byte === 0)).toBe(true)
})

test('the certificate is for the callback address, back-dated, and its key a P-384', async () => {
  const conductor = await fakeConductor()
  const first = conductor.nextBeat()
  await startAgent(conductor.url)
  const { agent_verify_ca } = await first
  const certificate = new X509Certificate(agent_verify_ca ?? '')
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now() - 3_500_000)
  expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'secp384r1' })
  expect(certificate.verify(certificate.publicKey)).toBe(true)
})

test('an agent whose token somebody else got first serves nothing and fails', async () => {
  const conductor = await fakeConductor({ agent_token: '******' })
  const { ended } = await startAgent(conductor.url)
  await expect(ended).rejects.toThrow(/given to somebody else/)
  expect(conductor.beats).toEqual([])
})

test('an agent that brought its token from virtual media goes on', async () => {
  const conductor = await fakeConductor({ agent_token: '******' })
  const first = conductor.nextBeat()
  await startAgent(conductor.url, `ipa-agent-token=${token}`)
  expect((await first).agent_token).toBe(token)
})

test('an agent that nobody knows gives up and says so', async () => {
  const { ended } = await startAgent('http://127.0.0.1:1', 'ipa-lookup-timeout=0')
  await expect(ended).rejects.toThrow(/given up/)
})

test('a lockdown is answered, then nothing is', async () => {
  const conductor = await fakeConductor()
  const first = conductor.nextBeat()
  const { ended } = await startAgent(conductor.url)
  const command = commander(await first)
  expect((await command('system.lockdown')).command_status).toBe('SUCCEEDED')
  await ended
  await expect(command('standby.sync')).rejects.toThrow(/ECONNREFUSED|closed|socket/)
})
