import { Fault } from '@ferrite/shared/fault'
import { formatDuration } from '@ferrite/shared/units'
import { wipeTables } from '../disk/wipe.ts'
import type { Disk } from '../hardware/disk.ts'
import { expectedDigest } from './checksum.ts'
import type { Digest } from './checksum.ts'
import { Digester } from './digester.ts'
import { ExtentLog } from './extent-log.ts'
import { ImageSource, StartedAnew } from './http/image-source.ts'
import { aborted } from './http/wire.ts'
import { refuseUnlessRaw } from './image-format.ts'
import { pour, tooLarge } from './pour.ts'
import type { FirstSlab, Pour } from './pour.ts'
import { startMeter } from './progress-meter.ts'
import type { Counters } from './progress-meter.ts'
import { readBack } from './read-back.ts'
import type { WriteContext, WriteRequest, WriteResult } from './request.ts'
import { SlabPool } from './slab-pool.ts'
import { WithheldEnds } from './withheld-ends.ts'

/** Slabs that go round: eight on their way to the disk, one being filled, one to spare. */
const slabs = 10

/**
 * Streams an image onto `disk`. Nothing can boot from it until its digest has matched and it was read back: the first
 * and last MiB are erased first and written last, and erased again when anything fails.
 */
export async function writeImage(request: WriteRequest, disk: Disk, context: WriteContext): Promise<WriteResult> {
  const started = performance.now()
  const stop = new AbortController()
  const signal = AbortSignal.any([context.signal, stop.signal, ...deadline(request.limits.totalTimeoutMs)])
  const expected = await expectedDigest(request, signal)
  const pool = new SlabPool(slabs)
  await using digester = new Digester(pool.memory, expected.algorithm)
  using source = new ImageSource(request, signal)
  const counters = countersOf(source)
  using _meter = startMeter(counters, context.onProgress)
  const job: Job = {
    source,
    disk,
    pool,
    digester,
    counters,
    signal,
    expected,
    verify: request.verify,
    ends: new WithheldEnds(disk),
    log: new ExtentLog(),
    onFailure: (error) => stop.abort(error),
  }
  const first = await firstSlab(job, request)
  try {
    await wipeTables(disk)
    const bytesWritten = await land(job, first)
    counters.phase = 'done'
    return {
      url: source.url,
      digest: expected,
      bytesReceived: source.bytesReceived,
      bytesWritten,
      verified: request.verify,
      bytesWasted: source.bytesWasted,
      resumes: source.resumes,
      elapsedMs: Math.round(performance.now() - started),
    }
  } catch (error) {
    throw await afterErasing(disk, error)
  }
}

type Job = Pour & { source: ImageSource; signal: AbortSignal; expected: Digest; verify: boolean }

/** Connects and reads until it is clear that the image can be written at all. The disk is still as it was. */
async function firstSlab(job: Job, request: WriteRequest): Promise<FirstSlab> {
  const { source, disk, pool, counters } = job
  await source.open()
  counters.phase = 'write'
  refuseTooLarge(source, disk)
  const slab = await pool.take()
  const length = await untilOneStart(source, (from) => from.read(slab.bytes))
  if (length === 0) throw new Fault('image_refused', `${source.url} is empty`)
  refuseTooLarge(source, disk)
  const head = slab.bytes.subarray(0, length)
  refuseUnlessRaw(request.format, head)
  await request.inspect?.(head, disk)
  return { slab, length }
}

function refuseTooLarge({ totalBytes }: ImageSource, disk: Disk): void {
  if (totalBytes !== null && totalBytes > disk.sizeBytes) throw tooLarge(disk, totalBytes)
}

async function land(job: Job, first: FirstSlab): Promise<number> {
  const { source, disk, digester, expected, counters, ends } = job
  let start: FirstSlab | undefined = first
  const bytes = await untilOneStart(source, async () => {
    const given = start
    start = undefined
    if (!given) await forget(job)
    return pour(job, given)
  })
  const found = await digester.finish()
  if (found !== expected.value) throw mismatch(source, expected, found)
  await disk.flush()
  if (job.verify) {
    counters.phase = 'verify'
    await readBack(job)
  }
  counters.phase = 'finish'
  if (job.signal.aborted) throw aborted(job.signal)
  await ends.release()
  return bytes
}

/** Runs `work` again for as long as the source has to begin again; the source itself limits how often. */
async function untilOneStart<T>(source: ImageSource, work: (source: ImageSource) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work(source)
    } catch (error) {
      if (!(error instanceof StartedAnew)) throw error
    }
  }
}

async function forget({ disk, digester, ends, log, counters, source }: Job): Promise<void> {
  refuseTooLarge(source, disk)
  await digester.reset()
  ends.clear()
  log.clear()
  counters.written = 0
}

function mismatch(source: ImageSource, expected: Digest, found: string): Fault {
  const hint = source.totalBytes === null ? '; the server told no length, so the image may have been cut' : ''
  return new Fault(
    'image_digest_mismatch',
    `the ${expected.algorithm} of ${source.url} is ${found}, but ${expected.value} was expected${hint}`,
    { algorithm: expected.algorithm, expected: expected.value, found },
  )
}

/** Erases the tables once more, so that a half-written disk cannot boot, and returns the error to throw. */
async function afterErasing(disk: Disk, error: unknown): Promise<unknown> {
  try {
    await wipeTables(disk)
    return error
  } catch (failure) {
    if (!(error instanceof Fault)) return error
    const { code, message, details, cause } = error
    const also = failure instanceof Error ? failure.message : String(failure)
    return new Fault(code, `${message} (and the partition tables could not be erased again: ${also})`, {
      ...details,
      cause,
    })
  }
}

function deadline(totalTimeoutMs: number): AbortSignal[] {
  if (totalTimeoutMs === 0) return []
  const expiry = new AbortController()
  const late = new Fault('timeout', `the image was not written within ${formatDuration(totalTimeoutMs)}`)
  setTimeout(() => expiry.abort(late), totalTimeoutMs).unref()
  return [expiry.signal]
}

/** Counters that show the source's own figures live. */
function countersOf(source: ImageSource): Counters {
  return {
    phase: 'connect',
    written: 0,
    verified: 0,
    get received() {
      return source.bytesReceived
    },
    get total() {
      return source.totalBytes
    },
    get resumes() {
      return source.resumes
    },
    get wasted() {
      return source.bytesWasted
    },
  }
}
