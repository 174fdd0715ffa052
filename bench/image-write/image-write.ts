import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { contestants } from './contestants.ts'
import type { Job } from './contestants.ts'
import { measure } from './measure.ts'
import type { Measured } from './measure.ts'
import { startImageServer } from './server.ts'
import { given, makeTarget } from './target.ts'
import { report } from './table.ts'

const execute = promisify(execFile)

const usage = `node bench/main.ts image-write [--size-mib 1024] [--rounds 3] [--dir DIR] [--disk DEVICE] [--json]

Writes one image by several ways, alternately, on this machine. The target is a loop device over memory (with root; else
a file in DIR), or a device that may be OVERWRITTEN; the image server is nginx if it is there, else a small Node process, and shares the cores.`

/** All ways in turn, several rounds; medians as a table or JSON. */
export async function imageWrite(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'size-mib': { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '3' },
      dir: { type: 'string', default: tmpdir() },
      disk: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void process.stdout.write(`${usage}\n`)
  const directory = await mkdtemp(path.join(values.dir, 'ferrite-bench-'))
  try {
    const image = path.join(directory, 'image.raw')
    const bytes = Number(values['size-mib']) * 1024 * 1024
    const sha256 = await makeImage(image, bytes)
    await using server = await startImageServer(directory)
    await using target = values.disk ? given(values.disk) : await makeTarget(directory, bytes)
    const job: Job = { url: `${server.origin}/image.raw`, image, target: target.path, sha256, bytes }
    const results = await rounds(job, Number(values.rounds), values.only)
    const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version, server: server.kind }
    process.stdout.write(report({ machine, bytes, target: target.kind, results }, values.json))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function rounds(job: Job, count: number, only: string | undefined): Promise<Map<string, Measured[]>> {
  const results = new Map<string, Measured[]>()
  // The target's memory and the image's pages are in place before anything is measured.
  await execute('dd', [`if=${job.image}`, `of=${job.target}`, 'bs=4M', 'conv=notrunc,fsync'])
  const chosen = contestants.filter(({ name }) => only === undefined || only.split(',').includes(name))
  for (let round = 0; round < count; round++) {
    for (const contestant of chosen) {
      const prepared = await contestant.available()
      if (!prepared) continue
      process.stderr.write(`round ${round + 1} of ${count}: ${contestant.name}\n`)
      await execute('sync', ['-f', job.image])
      const measured = await measure(contestant.command(job))
      if (contestant.writes) await mustBeWritten(job, contestant.name)
      results.set(contestant.name, [...(results.get(contestant.name) ?? []), measured])
    }
  }
  return results
}

/** A way that is fast because it does not write is no way. */
async function mustBeWritten({ image, target, bytes }: Job, name: string): Promise<void> {
  await execute('cmp', ['-n', String(bytes), image, target]).catch((cause: unknown) => {
    throw new Error(`${name} did not write the image`, { cause })
  })
}

/** Random bytes, with 45 % zeros in runs of 1 MiB, as disk images have. */
async function makeImage(file: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(file, 'w')
  const block = Buffer.alloc(1024 * 1024)
  let state = 88_172_645
  for (let at = 0; at < bytes; at += block.length) {
    const isZero = (at / block.length) % 20 >= 11
    const words = new Uint32Array(block.buffer, block.byteOffset, block.length / 4)
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[index] = isZero ? 0 : state
    }
    const part = block.subarray(0, Math.min(block.length, bytes - at))
    hash.update(part)
    await handle.write(part)
  }
  await handle.sync()
  await handle.close()
  return hash.digest('hex')
}
