import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTerminal } from '@ferrite/cli/terminal'
import { screenOf } from '@ferrite/cli/watch/screen'
import { storyOf, type Story } from '@ferrite/cli/watch/story'
import { demoImage, type DemoImage } from '@ferrite/lab/image/demo-image'
import { startLab, type Lab } from '@ferrite/lab/lab'
import { ferrite } from './ferrite.ts'

const names = ['web-01', 'web-02', 'web-03']
let directory = ''
let lab: Lab
let image: DemoImage
let url = ''

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-watch-'))
  const signal = AbortSignal.timeout(30_000)
  image = await demoImage({ cacheDir: directory, sizeBytes: 16 << 20, kinds: ['synthetic'], signal })
  lab = await startLab({ machines: names.map((name) => ({ name, diskBytes: 8 * 1024 ** 3 })) })
  for (const machine of lab.machines) {
    const { uuid } = await lab.api.enroll(machine)
    await lab.api.makeAvailable(uuid)
  }
  url = (await lab.images.add('demo.img', { file: image.path })).url
}, 60_000)

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

type Line = { type: string; name?: string; ok?: boolean; node_name?: string; provision_state?: string }

test(
  'three nodes are deployed at once, and each has its result; one that cannot stops no other',
  {
    timeout: 90_000,
  },
  async () => {
    await lab.api.set('web-02', { maintenance: true })
    const { code, stdout, stderr } = await ferrite(
      ['node', 'deploy', ...names, '--image', url, '--checksum', `sha256:${image.sha256}`, '--watch', '--json'],
      lab.api,
    )
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const results = lines.filter(({ type }) => type === 'result').map(({ name, ok }) => [name, ok])
    expect(results).toEqual([
      ['web-01', true],
      ['web-03', true],
    ])
    const moved = lines.filter(({ type }) => type === 'provision_state').map(({ node_name }) => node_name)
    expect(new Set(moved)).toEqual(new Set(['web-01', 'web-03']))
    expect(code).not.toBe(0)
    expect(stderr).toContain('1 of 3 did not end well')
    expect(stderr).toContain('maintenance')
  },
)

const terminal = { ...openTerminal(process.stdout, { color: false }), width: 80 }
const progress = {
  ...({ phase: 'write', bytes_received: 6 << 20, bytes_written: 5 << 20, bytes_verified: 0 } as const),
  ...{ bytes_total: 10 << 20, rate: 1 << 20, eta_ms: 4000, elapsed_ms: 6000, resumes: 0, bytes_wasted: 0 },
}

function busy(name: string, more: Partial<Story> = {}): Story {
  const step = { flow: 'deploy', state: 'waiting' as const, since: 0, durationMs: null, error: null, count: 6 }
  const steps = [
    { ...step, name: 'deploy.deploy', state: 'finished' as const, index: 0 },
    { ...step, name: 'deploy.write_image', index: 1 },
  ]
  const told = { uuid: name, name, provision_state: 'wait call-back', target_provision_state: 'active' }
  return { ...storyOf(told, 0), steps, progress, ...more }
}

test('machines side by side show the present step and bar of each, and the time of one that is done stands still', () => {
  const done = busy('web-02', { state: 'active', target: null, settledAt: 30_000 })
  const text = screenOf([busy('web-01'), done], terminal, 60_000).join('\n')
  expect(text).toMatch(/web-01 {2}◐ wait call-back → active .* 1m 00s/)
  expect(text.match(/write image/g)).toHaveLength(1)
  expect(text).toMatch(/writing .* 50% {2}5(\.0)? \/ 10(\.0)? MiB/)
  expect(text).not.toContain('deploy deploy')
  expect(text).toMatch(/web-02 {2}● active .* 30(\.0)?s/)
})
