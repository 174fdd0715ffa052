import { Command } from 'commander'
import type { SettingView } from '@ferrite/conductor/config'
import { withOutput } from '../context.ts'
import { withOutputOptions } from '../options.ts'
import { fold, type Terminal } from '../terminal.ts'
import { settingsFrom, withSettingOptions, type SettingOptions } from './settings.ts'

/** `ferrite config …`. */
export function configCommand(): Command {
  const show = new Command('show')
    .summary('each setting, its value and where it came from')
    .description('Each setting of the conductor, its value and where it came from.')
    .option('--long', 'with what each is for')
  return new Command('config').description('Settings of the conductor, and their origins.').addCommand(
    withOutputOptions(withSettingOptions(show)).action(
      withOutput(async (out, options: SettingOptions & { long?: boolean }) => {
        const { describeConfig } = await import('@ferrite/conductor/config')
        const settings = settingsFrom(options, describeConfig)
        await out.show(settings, (terminal) =>
          settings.map((setting) => settingText(setting, terminal, options.long)).join(''),
        )
      }),
    ),
  )
}

function settingText({ name, value, origin, description }: SettingView, terminal: Terminal, long = false): string {
  const given = origin !== 'the defaults'
  const text = textOf(value)
  const label = terminal.paint(given ? 'bold' : 'dim', name)
  const from = given ? terminal.paint('cyan', `  (${origin})`) : ''
  if (!long) return `${label}${' '.repeat(Math.max(1, 44 - name.length))}${text}${from}\n`
  const sentence = fold(description, terminal.width - 4).map((line) => `    ${terminal.paint('dim', line)}\n`)
  return `${label} = ${text}${from}\n${sentence.join('')}`
}

function textOf(value: unknown): string {
  if (value === null) return '–'
  if (Array.isArray(value)) return value.join(', ') || '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
