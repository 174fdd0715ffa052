import { openTerminal, type Terminal } from './terminal.ts'

export const formats = ['table', 'json', 'yaml'] as const
export type Format = (typeof formats)[number]

/** Where results go: as a document in the format asked for, or as text for people. */
export type Output = {
  format: Format
  terminal: Terminal
  /** Shows a result: `human` is used for tables, `value` for json and yaml. */
  show(value: unknown, human: (terminal: Terminal) => string): Promise<void>
  /** A sentence about what was done; not printed where a program reads. */
  note(text: string): void
  /** One JSON document a line, for what comes bit by bit. */
  line(value: unknown): void
}

export function openOutput(options: {
  output?: Format | undefined
  json?: boolean | undefined
  color?: boolean | undefined
  quiet?: boolean | undefined
}): Output {
  const format = options.json ? 'json' : (options.output ?? 'table')
  const terminal = openTerminal(process.stdout, { color: options.color, exact: format !== 'table' })
  return {
    format,
    terminal,
    async show(value, human) {
      terminal.write(await rendered(format, value, () => human(terminal)))
    },
    note(text) {
      if (format === 'table' && !options.quiet) terminal.write(`${text}\n`)
    },
    line: (value) => terminal.write(`${JSON.stringify(value)}\n`),
  }
}

async function rendered(format: Format, value: unknown, human: () => string): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  if (format === 'yaml') return (await import('yaml')).stringify(value)
  return human()
}
