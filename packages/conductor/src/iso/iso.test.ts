import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { readIso } from './read.ts'
import { writeIso } from './write.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const files = {
  'openstack/latest/meta_data.json': bytes('{"uuid":"1"}'),
  'openstack/latest/network_data.json': bytes('{}'),
  'openstack/latest/user_data': bytes('#!/bin/sh\n'.repeat(1000)),
  'openstack/2012-08-10/meta_data.json': bytes('{"uuid":"1"}'),
  'parameters.txt': bytes('a=b'),
  empty: new Uint8Array(),
  'Ünïcode näme with spaces and length.tar.gz': bytes('x'),
  ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`many/file-with-a-long-name-${i}.json`, bytes(`${i}`)])),
}

const has = (tool: string): boolean => {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const isoinfo = (...args: string[]) =>
  execFileSync('isoinfo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const onDisk = <T>(iso: Uint8Array, use: (file: string, dir: string) => T): T => {
  const dir = mkdtempSync(path.join(tmpdir(), 'ferrite-iso-'))
  try {
    writeFileSync(path.join(dir, 'image.iso'), iso)
    return use(path.join(dir, 'image.iso'), dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

test('what is written can be read again, byte for byte', () => {
  const read = readIso(writeIso({ volumeId: 'config-2', files }))
  expect(read.volumeId).toBe('config-2')
  expect([...read.files.keys()].sort()).toEqual(Object.keys(files).sort())
  for (const [name, content] of Object.entries(files)) expect(read.files.get(name)).toEqual(content)
})

test('equal files give equal images, whatever order they come in', () => {
  const backwards = Object.fromEntries(Object.entries(files).reverse())
  expect(writeIso({ volumeId: 'config-2', files: backwards })).toEqual(writeIso({ volumeId: 'config-2', files }))
})

test.runIf(has('isoinfo')).each(['-R', '-J'])('isoinfo %s finds the volume and every file', (names) => {
  onDisk(writeIso({ volumeId: 'config-2', files }), (file) => {
    expect(isoinfo('-d', '-i', file)).toContain('Volume id: config-2')
    const listed = isoinfo(names, '-f', '-i', file).split('\n')
    for (const name of Object.keys(files).filter((name) => /^[\x20-\x7e]*$/.test(name)))
      expect(listed).toContain(`/${name}`)
    expect(isoinfo(names, '-x', '/openstack/latest/user_data', '-i', file)).toBe('#!/bin/sh\n'.repeat(1000))
  })
})

test.runIf(has('xorriso'))('xorriso finds no fault and extracts the same files', () => {
  onDisk(writeIso({ volumeId: 'config-2', files }), (file, dir) => {
    const out = path.join(dir, 'out')
    execFileSync('xorriso', ['-abort_on', 'WARNING', '-indev', file, '-osirrox', 'on', '-extract', '/', out], {
      stdio: 'pipe',
    })
    execFileSync('chmod', ['-R', 'u+w', out])
    expect(execFileSync('find', [out, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n')).toHaveLength(
      Object.keys(files).length,
    )
    expect(execFileSync('cat', [path.join(out, 'many/file-with-a-long-name-99.json')], { encoding: 'utf8' })).toBe('99')
  })
})

test.runIf(has('xorriso'))('images that xorriso wrote are read, with Rock Ridge and with Joliet alone', () => {
  onDisk(new Uint8Array(), (_file, dir) => {
    execFileSync('mkdir', ['-p', path.join(dir, 'tree/sub')])
    writeFileSync(path.join(dir, 'tree/sub/Some long File.name'), 'hello')
    for (const names of ['-r', '-J']) {
      const out = path.join(dir, `made${names}.iso`)
      execFileSync('xorriso', ['-as', 'mkisofs', '-V', 'ir-vfd-dev', names, '-o', out, path.join(dir, 'tree')], {
        stdio: 'pipe',
      })
      const read = readIso(execFileSync('cat', [out], { maxBuffer: 1 << 26 }))
      expect(read.volumeId).toBe('ir-vfd-dev')
      expect(Buffer.from(read.files.get('sub/Some long File.name') ?? []).toString()).toBe('hello')
    }
  })
})

test('names that an ISO image cannot hold are refused by name', () => {
  for (const name of ['a//b', '../x', 'a:b', 'x'.repeat(65), 'new\nline']) {
    expect(() => writeIso({ volumeId: 'x', files: { [name]: bytes('') } })).toThrow(/cannot hold/)
  }
  expect(() => writeIso({ volumeId: 'two words', files: {} })).toThrow(/cannot be named/)
})

const outcomeOf = (iso: Uint8Array): string => {
  try {
    readIso(iso)
  } catch (error) {
    if (!isFault(error, 'invalid')) return String(error)
  }
  return 'read or refused'
}

test('a broken image is a fault, never a crash or an endless walk', () => {
  const good = writeIso({ volumeId: 'config-2', files })
  for (let at = 16 * 2048; at < good.length; at += 61) {
    const bad = good.slice()
    bad[at] = (bad[at] ?? 0) ^ 0xff
    expect(outcomeOf(bad), `byte ${at}`).toBe('read or refused')
  }
  expect(() => readIso(new Uint8Array(4096))).toThrow(/not an ISO/)
})
