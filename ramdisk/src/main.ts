import path from 'node:path'
import { Command, Option } from 'commander'
import { explain } from '@ferrite/shared/fault'
import { buildCommand } from './commands/build.ts'
import { isoCommand } from './commands/iso.ts'

const program = new Command('ramdisk')
  .description('Builds what machines boot to be deployed: kernel, ramdisk with the agent in it, ISO.')
  .addCommand(buildCommand(path.join(import.meta.dirname, '../..')))
  .addCommand(isoCommand())
  .addOption(new Option('--debug', 'print where an error came from').default(false))

try {
  await program.parseAsync()
} catch (error) {
  console.error(program.opts()['debug'] === true ? error : `ramdisk: ${explain(error)}`)
  process.exitCode = 1
}
