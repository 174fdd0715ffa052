import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { explain, Fault } from '@ferrite/shared/fault'

export type RamdiskFiles = { kernel: string; ramdisk: string; loaders: string }

const root = path.join(import.meta.dirname, '../../..')
const sources = ['packages/agent/src', 'packages/shared/src', 'ramdisk/src', 'ramdisk/files']

/**
 * Kernel, ramdisk and boot loaders of this working tree, built by `pnpm ramdisk build` where they are missing or older
 * than what they are made of. What the build prints goes to `onLine`.
 */
export async function ramdiskFiles(
  onLine: (line: string) => void = () => {},
  signal?: AbortSignal,
): Promise<RamdiskFiles> {
  const dir = path.join(root, '.ferrite/ramdisk/virtual')
  const files = {
    kernel: path.join(dir, 'vmlinuz'),
    ramdisk: path.join(dir, 'ramdisk.zst'),
    loaders: path.join(dir, 'loaders'),
  }
  const built = await Promise.all(Object.values(files).map((file) => changedAt(file)))
  const newest = Math.max(...(await Promise.all(sources.map((source) => newestIn(path.join(root, source))))))
  if (built[1] === undefined || built.includes(undefined) || built[1] < newest) await build(onLine, signal)
  return files
}

/** Why there can be no ramdisk here; undefined where there is one. An interruption is no reason: it is thrown. */
export async function whyNoRamdisk(onLine?: (line: string) => void, signal?: AbortSignal): Promise<string | undefined> {
  try {
    await ramdiskFiles(onLine, signal)
    return undefined
  } catch (error) {
    signal?.throwIfAborted()
    return explain(error)
  }
}

const changedAt = async (file: string): Promise<number | undefined> =>
  (await stat(file).catch(() => undefined))?.mtimeMs

async function newestIn(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true })
  const times = await Promise.all(
    names.filter((name) => !name.endsWith('.test.ts')).map((name) => changedAt(path.join(directory, name))),
  )
  return Math.max(0, ...times.map((time) => time ?? 0))
}

async function build(onLine: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const child = spawn(process.execPath, [path.join(root, 'ramdisk/src/main.ts'), 'build'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })
  let last = ''
  const take = (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) onLine((last = line))
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Fault('step_failed', `the ramdisk cannot be built: ${last.replace(/^ramdisk: /, '')}`)
}
