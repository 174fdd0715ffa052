import { createHash } from 'node:crypto'
import { copyFile, mkdir, open, readFile, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { download } from '../outbound/download.ts'
import { archName, kernelArch } from './kernel-arch.ts'
import { lookAtRamdisk } from './look-at-ramdisk.ts'

/** A kernel or a ramdisk in the cache. `arch` is undefined where it cannot be told. */
export type CachedFile = { digest: string; size: number; arch: string | undefined; path: string }
export type BootFileKind = 'kernel' | 'ramdisk'

/** Kernels and ramdisks by the digest of their content, brought from where operators keep them. */
export interface BootFiles {
  /**
   * Brings a file that is not here, or has changed, and looks at it. Fault image_unreachable, image_refused,
   * image_truncated, invalid.
   */
  bring(source: string, kind: BootFileKind, signal: AbortSignal): Promise<CachedFile>
  /** Where the content with this digest lies; undefined for what is no digest. */
  pathOf(digest: string): string | undefined
  /** Deletes what nobody needs; `digests` are in use. */
  keepOnly(digests: ReadonlySet<string>): Promise<void>
}

const record = z.object({
  digest: z.string(),
  size: z.number(),
  arch: z.string().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
})
type Record = z.infer<typeof record>

const largest: { [kind in BootFileKind]: number } = { kernel: 256 * MiB, ramdisk: 2048 * MiB }

export async function openBootFiles(parts: { directory: string; allowedPaths: readonly string[] }): Promise<BootFiles> {
  const { directory } = parts
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const pathOf = (digest: string) => (/^[0-9a-f]{64}$/.test(digest) ? path.join(directory, digest) : undefined)
  const underWay = new Map<string, Promise<CachedFile>>()
  return {
    pathOf,
    bring(source, kind, signal) {
      const key = `${kind} ${source}`
      const running = underWay.get(key)
      if (running) return running
      const work = bring({ ...parts, source, kind, signal }).finally(() => underWay.delete(key))
      underWay.set(key, work)
      return work
    },
    async keepOnly(digests) {
      const records = (await readdir(directory)).filter((name) => name.endsWith('.json'))
      const kept = await Promise.all(
        records.map(async (name) => (await readRecord(path.join(directory, name)))?.digest),
      )
      for (const name of await readdir(directory)) {
        const needed = digests.has(name) || kept.includes(name) || name.endsWith('.json')
        if (!needed) await rm(path.join(directory, name), { force: true })
      }
    },
  }
}

type Wanted = {
  directory: string
  allowedPaths: readonly string[]
  source: string
  kind: BootFileKind
  signal: AbortSignal
}

async function bring(wanted: Wanted): Promise<CachedFile> {
  const { directory, source, kind } = wanted
  const name = createHash('sha256').update(`${kind} ${source}`).digest('hex').slice(0, 32)
  const recordFile = path.join(directory, `${name}.json`)
  const known = await presentRecord(directory, recordFile)
  const part = path.join(directory, `${name}.part`)
  try {
    const fresh = await content(wanted, part, known)
    if (fresh === 'unchanged' && known) return asCached(directory, known)
    if (fresh === 'unchanged')
      throw new Fault('image_refused', `the server of ${source} says "unchanged" about nothing`)
    const found = { ...fresh, arch: await look(part, kind) }
    await rename(part, path.join(directory, found.digest))
    await writeRecord(recordFile, found)
    return asCached(directory, found)
  } catch (cause) {
    await rm(part, { force: true })
    throw new Fault(codeOf(cause), `cannot get the ${kind} of the ramdisk from ${shown(source)}`, { cause })
  }
}

async function content(wanted: Wanted, part: string, known: Record | undefined): Promise<Record | 'unchanged'> {
  const { source, kind, signal } = wanted
  const url = URL.parse(source)
  if (url?.protocol === 'file:') return copyIn(wanted, url, part)
  const hasValidator = known?.etag !== undefined || known?.lastModified !== undefined
  return download(source, part, { ...(known && hasValidator ? { known } : {}), maxBytes: largest[kind], signal })
}

async function copyIn({ allowedPaths, kind }: Wanted, url: URL, part: string): Promise<Record> {
  const file = await realpath(decodeURIComponent(url.pathname)).catch((cause: unknown) => {
    throw new Fault('image_unreachable', 'the file is not there', { cause })
  })
  // Links are resolved on both sides before they are compared.
  const roots = await Promise.all(allowedPaths.map((root) => realpath(root).catch(() => undefined)))
  if (!roots.some((root) => root !== undefined && file.startsWith(`${root}${path.sep}`))) {
    throw new Fault('image_refused', 'the file is in no directory that the setting file_url_allowed_paths names')
  }
  const { size } = await stat(file)
  if (size > largest[kind]) throw new Fault('too_large', `the file is larger than ${largest[kind]} bytes`)
  await copyFile(file, part)
  const hash = createHash('sha256')
  await using handle = await open(part, 'r')
  for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer)
  return { digest: hash.digest('hex'), size }
}

async function look(file: string, kind: BootFileKind): Promise<string | undefined> {
  if (kind === 'ramdisk') return (await lookAtRamdisk(file)).arch
  await using handle = await open(file, 'r')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
  const arch = kernelArch(buffer.subarray(0, bytesRead))
  if (arch === undefined && bytesRead < 4096) throw new Fault('invalid', 'this is no kernel')
  return arch
}

async function presentRecord(directory: string, file: string): Promise<Record | undefined> {
  const found = await readRecord(file)
  if (!found) return undefined
  const there = await stat(path.join(directory, found.digest)).catch(() => undefined)
  return there?.size === found.size ? found : undefined
}

async function readRecord(file: string): Promise<Record | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    // A record that is absent or cut off costs a download, nothing else.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writeRecord(file: string, content_: Record): Promise<void> {
  const part = `${file}.part`
  {
    await using handle = await open(part, 'w', 0o600)
    await handle.writeFile(JSON.stringify(content_))
  }
  await rename(part, file)
}

const asCached = (directory: string, { digest, size, arch }: Record): CachedFile => ({
  digest,
  size,
  arch: arch === undefined ? undefined : archName(arch),
  path: path.join(directory, digest),
})

const codeOf = (cause: unknown) => (cause instanceof Fault ? cause.code : 'step_failed')
const shown = (source: string): string => {
  const url = URL.parse(source)
  return url ? `${url.protocol}//${url.host}${url.pathname}` : source.slice(0, 200)
}
