import { CommandError, exitCodes, exitOf, report } from '@ferrite/cli/exit'
import { buildImage } from './cli/build-image.ts'
import { labConsole } from './cli/console.ts'
import { askLab } from './cli/control.ts'
import { describeLab, howToUse } from './cli/describe.ts'
import { labDown } from './cli/down.ts'
import { labView } from './cli/lab-view.ts'
import { labHelp, labOptions } from './cli/options.ts'
import type { LabOptions } from './cli/options.ts'
import { runLab } from './cli/run-lab.ts'
import { labUp } from './cli/up.ts'

const print = (text: string): void => void process.stdout.write(text)
const say = (line: string): void => void process.stderr.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = labOptions(argv)
    if (options === 'help' || options.command === undefined) {
      print(labHelp)
      return options === 'help' ? exitCodes.ok : exitCodes.usage
    }
    await perform(options)
    return exitCodes.ok
  } catch (error) {
    process.stderr.write(report(error, false).replace(/^ferrite: /, 'lab: '))
    return exitCodes[exitOf(error)]
  }
}

async function perform(options: LabOptions): Promise<void> {
  const { command, words, json, up } = options
  const status = async () => labView.parse(await askLab('status'))
  if (command === 'up' && options.foreground) return await inForeground(options)
  if (command === 'up') {
    const view = await labUp(up, say)
    return print(
      json ? `${JSON.stringify(view)}\n` : `${describeLab(view)}${howToUse(view)}\npnpm lab down stops everything.\n`,
    )
  }
  if (command === 'status') {
    const view = await status()
    return print(json ? `${JSON.stringify(view)}\n` : describeLab(view))
  }
  if (command === 'console') return await labConsole(await status(), words[0], options.follow)
  if (command === 'image') return await buildImage(words[0], print)
  if (!(await labDown())) throw new CommandError('not_found', 'no lab is running')
}

async function inForeground({ up }: LabOptions): Promise<void> {
  const stopped = Promise.withResolvers<void>()
  // Before anything starts, so that an early Ctrl-C cleans up too.
  process.once('SIGINT', () => stopped.resolve())
  process.once('SIGTERM', () => stopped.resolve())
  await using lab = await runLab(up, say)
  const view = await lab.view()
  print(`${describeLab(view)}${howToUse(view)}\nCtrl-C stops everything.\n`)
  lab.onChange(say)
  await stopped.promise
  print('\nstopping …\n')
}
