import { Fault } from '@ferrite/shared/fault'
import { formatDuration } from '@ferrite/shared/units'
import { wipeTables } from '../disk/wipe.ts'
import type { Disk } from '../hardware/disk.ts'
import { expectedDigest } from './checksum.ts'
import type { Digest } from './checksum.ts'
import type { ChunkMap } from './chunk-map/chunk-map.ts'
import type { MapSource } from './chunk-map/map-source.ts'
import { checkContent } from './content-digest.ts'
import { Digester } from './digester.ts'
import { ImageSource, StartedAnew } from './http/image-source.ts'
import { aborted } from './http/wire.ts'
import { Landing } from './landing.ts'
import { openImage } from './open-image.ts'
import type { ImageJob, OpenedImage } from './open-image.ts'
import { startMeter } from './progress-meter.ts'
import type { Counters } from './progress-meter.ts'
import { readBack } from './read-back.ts'
import { ReadBehind } from './read-behind.ts'
import type { WriteContext, WriteRequest, WriteResult } from './request.ts'
import { SlabPool } from './slab-pool.ts'

/** Slabs that go round: what is being received, decoded, hashed and written, and one for odd ends. */
const slabs = 12

/**
 * Streams an image onto `disk`. Nothing can boot from it until its digest has matched and it was read back: the first
 * and last MiB are erased first and written last, and erased again when anything fails.
 */
export async function writeImage(request: WriteRequest, disk: Disk, context: WriteContext): Promise<WriteResult> {
  const started = performance.now()
  const stop = new AbortController()
  const signal = AbortSignal.any([context.signal, stop.signal, ...deadline(request.limits.totalTimeoutMs)])
  using source = await sourceOf(request, signal)
  const expected = 'map' in source ? digestOf(source.map) : await expectedDigest(request, signal)
  const pool = new SlabPool(slabs)
  await using digester = new Digester(pool.memory, expected.algorithm)
  const counters = countersOf(source)
  using _meter = startMeter(counters, context.onProgress)
  const onFailure = (error: unknown) => stop.abort(error)
  const onStored = () => behind.nudge()
  const landing = new Landing({ disk, pool, digester, counters, verify: request.verify, onStored })
  await using behind = new ReadBehind({ disk, pool, digester, log: landing.log, counters, signal }, onFailure)
  const job: Job = { request, source, disk, pool, digester, landing, behind, counters, signal, expected, onFailure }
  if (!('map' in source)) await source.open()
  counters.phase = 'write'
  const opened = await untilOneStart(job, () => open(job))
  try {
    await wipeTables(disk)
    const { format, bytes } = await land(job, opened)
    counters.phase = 'done'
    return {
      url: source.url,
      format,
      digest: expected,
      bytesReceived: source.bytesReceived,
      bytesWritten: bytes,
      bytesKept: 'map' in source ? source.bytesKept : 0,
      bytesZeroedByDevice: landing.bytesZeroedByDevice,
      verified: request.verify,
      bytesWasted: source.bytesWasted,
      resumes: source.resumes,
      elapsedMs: Math.round(performance.now() - started),
    }
  } catch (error) {
    throw await afterErasing(disk, error)
  }
}

type Job = Omit<ImageJob, 'source'> & { source: ImageSource | MapSource; behind: ReadBehind; expected: Digest }

async function sourceOf(request: WriteRequest, signal: AbortSignal): Promise<ImageSource | MapSource> {
  const { chunkMap } = request
  if (!chunkMap) return new ImageSource(request, signal)
  return (await import('./chunk-map/fetch-chunk-map.ts')).openMap(request, chunkMap, signal)
}

async function open({ source, ...job }: Job): Promise<OpenedImage> {
  if (!('map' in source)) return openImage({ ...job, source })
  return (await import('./chunk-map/open-mapped.ts')).openMapped({ ...job, source })
}

const digestOf = ({ source }: ChunkMap): Digest => ({ algorithm: 'sha256', value: source.sha256 })

async function land(job: Job, first: OpenedImage): Promise<{ format: string; bytes: number }> {
  const { source, disk, digester, expected, counters, landing, signal } = job
  let start: OpenedImage | undefined = first
  const landed = await untilOneStart(job, async () => {
    const given = start
    start = undefined
    await using opened = given ?? (await open(job))
    const bytes = await opened.pour()
    if ('map' in source) return { format: opened.format, bytes }
    const found = await digester.finish()
    // A mirror may have an older image, or a broken one.
    if (found !== expected.value) source.abandonMirror(mismatch(source, expected, found))
    return { format: opened.format, bytes }
  })
  await disk.flush()
  await proveDisk(job, landed.bytes)
  counters.phase = 'finish'
  if (signal.aborted) throw aborted(signal)
  await landing.ends.release()
  return landed
}

/** Reads back what was sent to the disk, and all of it where a digest of the content is known. */
async function proveDisk({ request, landing, behind, ...job }: Job, bytes: number): Promise<void> {
  const { contentDigest, verify } = request
  const digests = [contentDigest, 'map' in job.source ? job.source.digest : undefined]
  if (!verify && digests.every((digest) => digest === undefined)) return
  job.counters.phase = 'verify'
  if (verify) await readBack({ ...job, log: landing.log }, await behind.finish())
  for (const expected of digests) {
    job.counters.verified = 0
    if (expected) await checkContent({ ...job, ends: landing.ends, bytes, expected })
  }
}

/** Runs `work` again for as long as the source has to begin again; the source itself limits how often. */
async function untilOneStart<T>({ digester, landing, behind }: Job, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StartedAnew)) throw error
      await behind.clear()
      await landing.clear()
      await digester.reset()
    }
  }
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
function countersOf(source: ImageSource | MapSource): Counters {
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
