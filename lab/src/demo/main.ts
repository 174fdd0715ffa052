import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { CommandError, exitCodes, exitOf, report } from '@ferrite/cli/exit'
import { runDemo } from './demo.ts'
import { whatIsMissing } from '../vm/needs.ts'
import { whyNoRamdisk } from '../vm/ramdisk-files.ts'
import { runVmDemo } from './vm-demo.ts'
import { demoHelp, demoOptions, type DemoOptions } from './options.ts'
import { openShow } from './show.ts'

const home = path.join(import.meta.dirname, '../../../.ferrite')
const patienceMs = 20_000

process.exitCode = await main(process.argv.slice(2))

/** Runs the demo and answers the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const interrupted = interruptOnce()
  let options: DemoOptions | undefined
  let dir = ''
  try {
    options = demoOptions(argv)
    if (options.help) {
      process.stdout.write(demoHelp)
      return exitCodes.ok
    }
    await mkdir(home, { recursive: true })
    dir = await mkdtemp(path.join(home, 'demo-'))
    await shown(options, dir, interrupted)
    if (!options.keep) await rm(dir, { recursive: true, force: true })
    return exitCodes.ok
  } catch (error) {
    const cause = interrupted.aborted ? interrupted.reason : error
    const logs = dir && (await leftBehind(dir, { keep: options?.keep === true, logs: !interrupted.aborted }))
    process.stderr.write(report(cause, options?.json === true).replace(/^ferrite: /, 'demo: '))
    if (logs) process.stderr.write(`demo: the logs are in ${logs}\n`)
    return exitCodes[exitOf(cause) === 'usage' || interrupted.aborted ? exitOf(cause) : 'failed']
  }
}

async function shown(options: DemoOptions, dir: string, signal: AbortSignal): Promise<void> {
  const { kind, why } = await kindOfMachines(options, signal)
  await using show = openShow(options, kind)
  if (why !== undefined) show.fact('machines', `processes here: ${why}`)
  const place = { dir, cacheDir: path.join(home, 'cache'), signal }
  show.summary(await (kind === 'vm' ? runVmDemo : runDemo)(options, show, place))
}

/** Virtual machines where this computer has what they need, processes (and why) elsewhere, unless one is asked for. */
async function kindOfMachines(
  options: DemoOptions,
  signal: AbortSignal,
): Promise<{ kind: 'vm' | 'process'; why?: string }> {
  const { machinesAs, firmware, bmc, net, json } = options
  if (machinesAs === 'process') return { kind: 'process' }
  let isAnnounced = false
  const say = (line: string) => {
    // Of a build only its stages: where its files lie is of no interest here.
    if (json || !/^ +\w+ +[\d.]+s$/.test(line)) return
    if (!isAnnounced) process.stderr.write('The ramdisk that machines boot is built first, once for this checkout:\n')
    isAnnounced = true
    process.stderr.write(`${line}\n`)
  }
  const why = whatIsMissing({ firmware: [firmware], bmcs: [bmc], net }) ?? (await whyNoRamdisk(say, signal))
  if (why === undefined) return { kind: 'vm' }
  if (machinesAs === 'vm') throw new CommandError('failed', why)
  return { kind: 'process', why }
}

/** Removes what is big after a failure, and all of it after an interruption; answers where the logs are. */
async function leftBehind(dir: string, { keep, logs }: { keep: boolean; logs: boolean }): Promise<string | undefined> {
  if (!logs && !keep) await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  if (!logs) return undefined
  const big = keep ? [] : (await readdir(dir)).filter((name) => name.endsWith('.disk'))
  for (const name of big) await rm(path.join(dir, name), { force: true })
  const names = await readdir(dir)
  if (names.length > 0) return dir
  await rm(dir, { recursive: true, force: true })
  return undefined
}

/** Aborts at the first SIGINT, SIGTERM or SIGHUP, or when nobody reads any more. Later ones wait for the cleaning up, but not for ever. */
function interruptOnce(): AbortSignal {
  const controller = new AbortController()
  const stop = (why: string) => {
    if (controller.signal.aborted) return
    controller.abort(new CommandError('interrupted', `stopped by ${why}; everything was cleaned up`))
    setTimeout(() => process.exit(exitCodes.interrupted), patienceMs).unref()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop(name))
  // As after `| head -1`.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => stop(`the end of its output (${code})`))
  return controller.signal
}
