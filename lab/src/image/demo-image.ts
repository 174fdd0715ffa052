import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { explain } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { z } from 'zod'
import { makeDebianImage } from './debian-image.ts'
import { makeSyntheticImage } from './synthetic-image.ts'

const made = z.object({
  kind: z.enum(['debian', 'synthetic']),
  /** One sentence on what it is, and for a synthetic one why. */
  description: z.string(),
  bytes: z.int(),
  sha256: z.string(),
})
export type DemoImage = z.infer<typeof made> & { path: string }

/** Grows with every change of what is built here, so that old images are not taken for new ones. */
const recipe = 3
const buildTimeoutMs = 45_000

/**
 * The image that the demo deploys: one that really boots where Debian packages can be had, else a valid GPT disk of our
 * own. Built once per cache directory.
 */
export async function demoImage({
  cacheDir,
  sizeBytes = 256 * MiB,
  kinds = ['debian', 'synthetic'],
  signal,
}: {
  cacheDir: string
  sizeBytes?: number
  /** In the order in which they are tried; the last one must not fail. */
  kinds?: readonly DemoImage['kind'][]
  signal: AbortSignal
}): Promise<DemoImage> {
  await mkdir(cacheDir, { recursive: true })
  const why: string[] = []
  for (const kind of kinds) {
    const name = `demo-${kind}-${recipe}-${sizeBytes / MiB}M`
    const cached = await fromCache(cacheDir, name)
    if (cached) return cached
    try {
      return await build(cacheDir, name, { kind, sizeBytes, signal, why: why.join('; ') })
    } catch (error) {
      if (signal.aborted || kind === kinds.at(-1)) throw error
      why.push(explain(error))
    }
  }
  throw new Error('no kind of image was asked for')
}

async function fromCache(cacheDir: string, name: string): Promise<DemoImage | undefined> {
  const file = path.join(cacheDir, `${name}.img`)
  const text = await readFile(`${file}.json`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const facts = made.safeParse(JSON.parse(text))
  const size = (await stat(file).catch(() => undefined))?.size
  if (!facts.success || size !== facts.data.bytes) return undefined
  return (await sha256Of(file)) === facts.data.sha256 ? { ...facts.data, path: file } : undefined
}

async function build(
  cacheDir: string,
  name: string,
  given: { kind: DemoImage['kind']; sizeBytes: number; signal: AbortSignal; why: string },
): Promise<DemoImage> {
  const file = path.join(cacheDir, `${name}.img`)
  const making = `${file}.${process.pid}`
  try {
    const description = await make(making, cacheDir, given)
    const { size } = await stat(making)
    const image = { kind: given.kind, description, bytes: size, sha256: await sha256Of(making) }
    await rename(making, file)
    await writeFile(`${file}.json`, JSON.stringify(image, null, 2))
    await forgetOlder(cacheDir, given.kind)
    return { ...image, path: file }
  } finally {
    await rm(making, { force: true })
  }
}

/** Images of older recipes only take room. */
async function forgetOlder(cacheDir: string, kind: DemoImage['kind']): Promise<void> {
  const old = (await readdir(cacheDir)).filter(
    (file) => file.startsWith(`demo-${kind}-`) && !file.startsWith(`demo-${kind}-${recipe}-`),
  )
  for (const file of old) await rm(path.join(cacheDir, file), { force: true })
}

async function make(
  file: string,
  cacheDir: string,
  { kind, sizeBytes, signal, why }: { kind: DemoImage['kind']; sizeBytes: number; signal: AbortSignal; why: string },
): Promise<string> {
  if (kind === 'debian') {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(buildTimeoutMs)])
    const packages = path.join(cacheDir, 'packages')
    const release = await makeDebianImage(file, { packages, sizeBytes, signal: limited })
    return `a Debian disk that boots (BIOS and UEFI, Linux ${release.replace(/-cloud.*/, '')}, busybox)`
  }
  await makeSyntheticImage(file, { sizeBytes })
  return `a valid GPT disk without an operating system${why ? ` (no Debian one: ${why})` : ''}`
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: MiB })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
