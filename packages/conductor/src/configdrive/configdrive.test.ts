import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { ConfigdriveData } from '@ferrite/shared/contracts/nodes'
import { readIso } from '../iso/read.ts'
import { buildConfigdrive } from './build.ts'
import { checkConfigdrive } from './check.ts'

const node = { uuid: '4b4d4b0e-0000-4000-8000-000000000001', name: 'n1' }
const filesOf = async (data: ConfigdriveData) => {
  const iso = readIso(gunzipSync(Buffer.from(await buildConfigdrive(data, node), 'base64')))
  return { ...iso, text: (name: string) => Buffer.from(iso.files.get(name) ?? []).toString('utf8') }
}

test('data becomes files of OpenStack’s layout on a volume named config-2, under both versions', async () => {
  const drive = await filesOf({
    meta_data: { hostname: 'web' },
    network_data: { links: [] },
    user_data: '#cloud-config\n# ü\n',
    vendor_data: { a: 1 },
  })
  expect(drive.volumeId).toBe('config-2')
  for (const version of ['2012-08-10', 'latest']) {
    const at = `openstack/${version}`
    expect(JSON.parse(drive.text(`${at}/meta_data.json`))).toEqual({ ...node, hostname: 'web' })
    expect(JSON.parse(drive.text(`${at}/network_data.json`))).toEqual({ links: [] })
    expect(JSON.parse(drive.text(`${at}/vendor_data2.json`))).toEqual({ a: 1 })
    expect(drive.text(`${at}/user_data`)).toBe('#cloud-config\n# ü\n')
  }
  expect(drive.files.size).toBe(8)
})

test('given uuid and name win, user data that is data becomes JSON, absent parts make no file', async () => {
  const drive = await filesOf({
    meta_data: '{"uuid":"mine","name":"other"}',
    user_data: [{ a: 1 }],
    network_data: null,
  })
  expect(JSON.parse(drive.text('openstack/latest/meta_data.json'))).toEqual({ uuid: 'mine', name: 'other' })
  expect(drive.text('openstack/latest/user_data')).toBe('[{"a":1}]')
  expect(drive.files.size).toBe(4)
})

test('equal data gives equal text, and passes our own check', async () => {
  const [one, two] = await Promise.all([
    buildConfigdrive({ user_data: 'x' }, node),
    buildConfigdrive({ user_data: 'x' }, node),
  ])
  expect(one).toBe(two)
  await checkConfigdrive(one)
  await checkConfigdrive(`${one.slice(0, 76)}\n${one.slice(76)}\n`)
  await checkConfigdrive('https://images.example/drive.gz')
})

test.each([
  ['JSON given as text', '{"meta_data": {}}', /neither/],
  ['nothing', '', /neither/],
  ['cut base64', 'H4sIAAAAAAAAA', /neither/],
  ['base64 of something else', Buffer.from('hello there').toString('base64'), /not a whole gzip/],
  ['half a gzip', gzipSync('hello'.repeat(99)).subarray(0, -4).toString('base64'), /not a whole gzip/],
  ['a bomb', gzipSync(Buffer.alloc(65 << 20)).toString('base64'), /64 MiB/],
  ['another scheme', 'file:///etc/passwd', /http or https/],
  ['no URL', 'http://', /http or https/],
])('%s is refused with its reason', async (_what, text, reason) => {
  await expect(checkConfigdrive(text)).rejects.toThrow(reason)
})

test('meta data that is text but no object is refused', async () => {
  await expect(buildConfigdrive({ meta_data: 'hostname: web' }, node)).rejects.toThrow(/not JSON/)
  await expect(buildConfigdrive({ meta_data: '[]' }, node)).rejects.toThrow(/JSON object/)
})
