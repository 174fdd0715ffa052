import { Command } from 'commander'
import { version } from '@ferrite/shared/version'
import { openTerminal } from '../terminal.ts'
import { settingsFrom, withSettingOptions, type SettingOptions } from './settings.ts'

const examples = `
Examples:
  ferrite conductor
  ferrite conductor --config /etc/ferrite/conductor.yaml --listen 10.0.0.1:6385
  ferrite conductor --state-dir /tmp/try --set enabled_hardware_types=redfish,fake-hardware

Every setting can also be given as FERRITE_NAME. All of them: ferrite config show --long`

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
      const terminal = openTerminal(process.stderr)
      if (terminal.tty) {
        const types = config.enabled_hardware_types.join(', ')
        terminal.write(
          `${terminal.paint('bold', `Ferrite ${version}`)}  API ${terminal.paint('cyan', `http://${config.listen}`)}` +
            `  state ${config.state_dir}  hardware ${types}\n${terminal.paint('dim', 'Ctrl-C stops it. In another terminal: ferrite node create --help')}\n`,
        )
      }
      await runConductor(config)
    })
