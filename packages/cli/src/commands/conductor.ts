import { Command } from 'commander'
import { explain, isFault } from '@ferrite/shared/fault'
import { version } from '@ferrite/shared/version'
import type { Config } from '@ferrite/conductor/config'
import { withOutput } from '../context.ts'
import { CommandError } from '../exit.ts'
import { withOutputOptions } from '../options.ts'
import { openTerminal, type Terminal } from '../terminal.ts'
import { settingsFrom, withSettingOptions, type SettingOptions } from './settings.ts'

const examples = `
Examples:
  ferrite conductor
  ferrite conductor --config /etc/ferrite/conductor.yaml --listen 10.0.0.1:6385
  ferrite conductor --state-dir /tmp/try \\
      --set enabled_hardware_types=redfish,fake-hardware

Every setting can also be given as FERRITE_NAME; see ferrite config show --long`

/** `ferrite conductor`: runs until SIGINT or SIGTERM. */
export const conductorCommand = (): Command =>
  withSettingOptions(
    new Command('conductor')
      .enablePositionalOptions()
      .description('Run the conductor: API, database and workers, until SIGINT or SIGTERM.'),
  )
    .addHelpText('after', examples)
    .action(async (options: SettingOptions) => {
      const { loadConfig } = await import('@ferrite/conductor/config')
      const config = settingsFrom(options, loadConfig)
      const { runConductor } = await import('@ferrite/conductor/main')
      greet(config, openTerminal(process.stderr))
      await runConductor(config).catch((error: unknown) => {
        // A setting that only its user could judge, such as the name of a hardware type.
        throw isFault(error, 'invalid') ? new CommandError('usage', explain(error)) : error
      })
    })
    .addCommand(openApi())
    .addCommand(audit())

const openApi = (): Command =>
  withOutputOptions(new Command('openapi').description('The API as an OpenAPI 3.1 document.')).action(
    withOutput(async (out) => {
      const { wholeDocument } = await import('@ferrite/conductor/api/openapi/whole-document')
      const document = wholeDocument()
      await out.show(document, () => `${JSON.stringify(document, null, 2)}\n`)
    }),
  )

const audit = (): Command =>
  withOutputOptions(
    withSettingOptions(
      new Command('audit').description('Check that no line of the audit log was changed or taken out.'),
    ),
  ).action(
    withOutput(async (out, options: SettingOptions) => {
      const { loadConfig } = await import('@ferrite/conductor/config')
      const { auditFile, verifyAuditLog } = await import('@ferrite/conductor/api/audit-log')
      const file = auditFile(settingsFrom(options, loadConfig).state_dir)
      const { lines, broken } = await verifyAuditLog(file)
      if (broken)
        throw new CommandError('failed', `line ${broken.line} of ${file} is not what was written: ${broken.reason}`)
      await out.show({ file, lines }, () => `${lines} records in ${file}, unbroken.\n`)
    }),
  )

/** Tells a person at a terminal where things are; the log tells programs. */
function greet(config: Config, terminal: Terminal): void {
  if (!terminal.tty) return
  const line = (label: string, value: string) => `  ${terminal.paint('dim', label.padEnd(10))}${value}\n`
  const ramdisks = config.single_listener ? 'on the same address' : `http://${config.ramdisk_listen}`
  terminal.write(
    [
      `${terminal.paint('bold', `Ferrite ${version}`)}\n`,
      line('API', terminal.paint('cyan', `http://${config.listen}`)),
      line('ramdisks', ramdisks),
      line('state', config.state_dir),
      line('hardware', config.enabled_hardware_types.join(', ')),
      terminal.paint('dim', 'Ctrl-C stops it. In another terminal: ferrite node create --help\n'),
    ].join(''),
  )
}
