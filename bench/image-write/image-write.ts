import { execFile } from 'node:child_process'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { contestants, rawName } from './contestants.ts'
import type { Job } from './contestants.ts'
import { makeImages } from './images.ts'
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
    const bytes = Number(values['size-mib']) * 1024 * 1024
    const files = await makeImages(directory, bytes)
    await using server = await startImageServer(directory)
    await using target = values.disk ? given(values.disk) : await makeTarget(directory, bytes)
    const isBlockDevice = (await stat(target.path)).isBlockDevice()
    const job: Job = { origin: server.origin, directory, target: target.path, isBlockDevice, bytes, files }
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
  await execute('dd', [`if=${imageOf(job)}`, `of=${job.target}`, 'bs=4M', 'conv=notrunc,fsync'])
  const chosen = contestants.filter(({ name }) => only === undefined || only.split(',').includes(name))
  for (let round = 0; round < count; round++) {
    for (const contestant of chosen) {
      const prepared = await contestant.available()
      if (!prepared) continue
      process.stderr.write(`round ${round + 1} of ${count}: ${contestant.name}\n`)
      await execute('sync', ['-f', imageOf(job)])
      if (contestant.onOldImage) await layOldImage(job)
      else if (contestant.writes) await spoil(job)
      const measured = await measure(contestant.command(job))
      if (contestant.writes) await mustBeWritten(job, contestant.name)
      results.set(contestant.name, [...(results.get(contestant.name) ?? []), measured])
    }
  }
  return results
}

const imageOf = ({ directory }: Job): string => path.join(directory, rawName)

/** What was on the target is something else, everywhere a little. */
async function spoil({ target, bytes }: Job): Promise<void> {
  await overwrite(target, bytes, 1)
}

/** The image, of which each twentieth MiB is something else. */
async function layOldImage(job: Job): Promise<void> {
  await execute('dd', [`if=${imageOf(job)}`, `of=${job.target}`, 'bs=4M', 'conv=notrunc,fsync'])
  await overwrite(job.target, job.bytes, 20)
}

/** One block in each so many chunks of 4 MiB. */
async function overwrite(target: string, bytes: number, every: number): Promise<void> {
  const handle = await open(target, 'r+')
  const block = Buffer.alloc(4096, 0xa5)
  for (let at = 0; at + block.length <= bytes; at += every * 4 * 1024 * 1024)
    await handle.write(block, 0, block.length, at)
  await handle.sync()
  await handle.close()
}

/** A way that is fast because it does not write is no way. */
async function mustBeWritten(job: Job, name: string): Promise<void> {
  await execute('cmp', ['-n', String(job.bytes), imageOf(job), job.target]).catch((cause: unknown) => {
    throw new Error(`${name} did not write the image`, { cause })
  })
}
