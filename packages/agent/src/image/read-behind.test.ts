import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import { Digester, tagBytes } from './digester.ts'
import { ExtentLog } from './extent-log.ts'
import type { Counters } from './progress-meter.ts'
import { readBack } from './read-back.ts'
import { ReadBehind } from './read-behind.ts'
import { SlabPool, slabBytes } from './slab-pool.ts'
import { testDisk } from './write-image.fixture.ts'

const extents = 4

/** A disk of four written extents, noted in the log; its reads and flushes are told in `done`. */
async function scene({ direct = true } = {}) {
  const resources = new AsyncDisposableStack()
  const target = resources.use(await testDisk(extents * slabBytes))
  const pool = new SlabPool(12)
  const digester = resources.use(new Digester(pool.memory, 'sha256'))
  const done: string[] = []
  const disk: Disk = {
    ...target.disk,
    direct,
    flush: async () => void done.push('flush'),
    read: async (buffer, offset) => {
      done.push(`read ${offset / slabBytes}`)
      await target.disk.read(buffer, offset)
    },
  }
  const log = new ExtentLog()
  const slab = await pool.take()
  slab.bytes.fill(0xa5)
  for (let index = 0; index < extents; index++) {
    const tag = new Uint8Array(tagBytes)
    await digester.tag({ offset: slab.offset, bytes: slabBytes }, tag)
    log.add({ offset: index * slabBytes, bytes: slabBytes, tag })
  }
  pool.give(slab)
  const counters: Counters = {
    phase: 'write',
    received: 0,
    written: 0,
    verified: 0,
    total: null,
    resumes: 0,
    wasted: 0,
  }
  const { signal } = new AbortController()
  const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>()
  const job = { disk, pool, digester, log, counters, signal }
  const behind = resources.use(new ReadBehind(job, fail, 3 * slabBytes))
  return { ...target, job, behind, done, failed, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

/** Everything that the batch under way reads, in the end. */
const batch = async ({ job }: Awaited<ReturnType<typeof scene>>, verified: number): Promise<void> =>
  expect.poll(() => job.counters.verified, { interval: 1 }).toBe(verified)

test('what was flushed is read back while memory lies idle, and the end reads only the rest', async () => {
  await using one = await scene()
  one.behind.nudge()
  await batch(one, extents * slabBytes)
  expect(one.done).toEqual(['flush', 'read 0', 'read 1', 'read 2', 'read 3'])
  const first = await one.behind.finish()
  expect(first).toBe(extents)
  await readBack(one.job, first)
  expect(one.job.counters.verified).toBe(extents * slabBytes)
})

test('nothing is read back early while the memory is in use: somebody else needs disk and processor', async () => {
  await using one = await scene()
  for (let taken = 0; taken < 5; taken++) await one.job.pool.take()
  one.behind.nudge()
  expect(await one.behind.finish()).toBe(0)
  expect(one.done).toEqual([])
})

test('through the page cache nothing is read back early: it would answer by itself', async () => {
  await using one = await scene({ direct: false })
  one.behind.nudge()
  expect(await one.behind.finish()).toBe(0)
})

test('a write that was lost is found during the download, which is told to stop', async () => {
  await using one = await scene()
  const other = await one.job.pool.take()
  other.bytes.fill(1)
  await one.disk.write(other.bytes, slabBytes)
  one.job.pool.give(other)
  one.behind.nudge()
  expect(await one.failed).toSatisfy((error) => isFault(error, 'disk_verify_failed'))
  await expect(one.behind.finish()).rejects.toThrow(`at offset ${slabBytes}`)
})

test('an image that begins again is read back from its beginning', async () => {
  await using one = await scene()
  one.behind.nudge()
  await batch(one, extents * slabBytes)
  await one.behind.clear()
  expect(one.job.counters.verified).toBe(0)
  one.behind.nudge()
  await batch(one, extents * slabBytes)
  expect(await one.behind.finish()).toBe(extents)
})
