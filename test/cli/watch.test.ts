import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ferriteEvent } from '@ferrite/shared/contracts/events'
import { demoImage, type DemoImage } from '@ferrite/lab/image/demo-image'
import { startLab, type Lab } from '@ferrite/lab/lab'
import { ferrite, program } from './ferrite.ts'

const demo = fileURLToPath(new URL('../../lab/src/demo/main.ts', import.meta.url))
const left = new URL('../../.ferrite/', import.meta.url)
let directory = ''
let lab: Lab
let image: DemoImage
let url = ''

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-watch-'))
  const signal = AbortSignal.timeout(30_000)
  image = await demoImage({ cacheDir: directory, sizeBytes: 16 << 20, kinds: ['synthetic'], signal })
  lab = await startLab({ machines: [{ name: 'web-01', diskBytes: 8 * 1024 ** 3 }] })
  const [machine] = lab.machines
  if (!machine) throw new Error('the lab has no machine')
  await lab.api.enroll(machine)
  await lab.api.makeAvailable('web-01')
  url = (await lab.images.add('demo.img', { file: image.path })).url
}, 60_000)

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const deploy = (sha256: string, ...more: string[]) =>
  ferrite(['node', 'deploy', 'web-01', '--image', url, '--checksum', `sha256:${sha256}`, ...more], lab.api)

test('a deploy that fails is exit code 1, with the reason, on plain lines', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await deploy('0'.repeat(64), '--watch')
  expect(code).toBe(1)
  expect(stdout).toMatch(/web-01 {2}available → deploying/)
  expect(stdout).toMatch(/write_image failed/)
  expect(stdout).not.toContain('\u001b')
  expect(stderr).toMatch(/^ferrite: web-01 is in state "deploy failed": .*sha256/)
})

test('--watch --json is one document a line, the last one the result', { timeout: 60_000 }, async () => {
  const { code, stdout } = await deploy(image.sha256, '--watch', '--json', '--meta-data', 'hostname=web-01')
  const documents = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string })
  expect(code).toBe(0)
  expect(documents.at(-1)).toMatchObject({ type: 'result', ok: true, provision_state: 'active', last_error: null })
  const events = documents.slice(0, -1).map((document) => ferriteEvent.parse(document))
  const states = events.flatMap((event) => (event.type === 'provision_state' ? [event.to] : []))
  expect(states.at(0)).toBe('deploying')
  expect(states.at(-1)).toBe('active')
  const steps = events.flatMap((event) => (event.type === 'step' && event.state === 'finished' ? [event.step] : []))
  expect(steps.some((step) => step.endsWith('write_image'))).toBe(true)
})

test('--wait ends when the node has settled', { timeout: 60_000 }, async () => {
  const rebuilt = await ferrite(['node', 'rebuild', 'web-01', '--wait', '--json'], lab.api)
  expect(rebuilt.code).toBe(0)
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ ok: true, provision_state: 'active' })
  const off = await ferrite(['node', 'power', 'off', 'web-01', '--wait'], lab.api)
  expect(off.code).toBe(0)
  expect((await ferrite(['node', 'power', 'status', 'web-01'], lab.api)).stdout).toBe('power off\n')
})

test('what a verb may not do in this state is said in the words of the server', async () => {
  const { code, stderr } = await ferrite(['node', 'provide', 'web-01'], lab.api)
  expect(code).toBe(1)
  expect(stderr).toContain('can not be performed')
})

test('the demo deploys a file, compares it, and leaves nothing behind', { timeout: 120_000 }, async () => {
  const before = await leftovers()
  const { code, stdout, stderr } = await program(demo, ['--machines-as', 'process', '--json', '--image', image.path])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  expect(summary).toMatchObject({
    type: 'summary',
    provision_state: 'active',
    image: { bytes: image.bytes, sha256: image.sha256 },
    compared: { partitions: ['esp', 'data', 'config-2'] },
  })
  expect(await leftovers()).toEqual(before)
})

test('the demo, interrupted in the middle of a deploy, cleans up', { timeout: 120_000 }, async () => {
  const before = await leftovers()
  const { code, stderr } = await program(demo, ['--machines-as', 'process', '--image', image.path], {
    during: ({ stdout, kill }) => {
      if (/write_image started/.test(stdout())) kill('SIGINT')
    },
  })
  expect(code).toBe(130)
  expect(stderr).toContain('stopped by SIGINT')
  expect(await leftovers()).toEqual(before)
})

const leftovers = async (): Promise<string[]> =>
  (await readdir(left).catch(() => [])).filter((name) => name.startsWith('demo-'))
