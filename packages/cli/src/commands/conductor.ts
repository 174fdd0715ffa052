import { Command } from 'commander'
import { version } from '@ferrite/shared/version'
import type { Config } from '@ferrite/conductor/config'
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
    new Command('conductor').description('Run the conductor: API, database and workers, until SIGINT or SIGTERM.'),
  )
    .addHelpText('after', examples)
    .action(async (options: SettingOptions) => {
      const { loadConfig } = await import('@ferrite/conductor/config')
      const config = settingsFrom(options, loadConfig)
      const { runConductor } = await import('@ferrite/conductor/main')
      greet(config, openTerminal(process.stderr))
      await runConductor(config)
    })

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
