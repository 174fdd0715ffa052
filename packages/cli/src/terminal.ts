import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Where text goes, and what it can show. `tty` allows redrawing; `width` is infinite off a terminal. */
export type Terminal = {
  tty: boolean
  width: number
  paint(style: Style, text: string): string
  write(text: string): void
}

type TerminalOptions = {
  color?: boolean | undefined
  /** Text is written as it is, whatever the locale: programs read it. */
  exact?: boolean
}

/** The terminal behind a stream. NO_COLOR, TERM=dumb and `color: false` turn colours off. */
export function openTerminal(stream: NodeJS.WriteStream, options: TerminalOptions = {}): Terminal {
  const env = process.env
  const tty = stream.isTTY
  const color =
    options.color !== false && !env['NO_COLOR'] && ((tty && env['TERM'] !== 'dumb') || Boolean(env['FORCE_COLOR']))
  return {
    tty: tty && env['TERM'] !== 'dumb',
    get width() {
      return tty ? Math.max(40, stream.columns || 80) : Number.POSITIVE_INFINITY
    },
    paint: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
    write: (text) => void stream.write(options.exact ? text : inLocale(text)),
  }
}

// One letter each, so that what was laid out stays so.
const plainLetters: Readonly<Record<string, string>> = {
  ...{ '✔': '+', '✗': 'x', '●': '*', '○': 'o', '◐': '~', '→': '>', '–': '-', '·': '-', '…': '~', '’': "'" },
  ...{ '━': '#', '╌': '.', '⠋': '|', '⠙': '/', '⠹': '-', '⠸': '\\', '⠼': '|' },
  ...{ '⠴': '/', '⠦': '-', '⠧': '\\', '⠇': '|', '⠏': '/' },
}
const ours = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'g')

/** `text` for people, with our own signs in ASCII where the locale is set to one that has no others. */
export function inLocale(text: string, env: NodeJS.ProcessEnv = process.env): string {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  return !locale || /utf-?8/i.test(locale) ? text : text.replaceAll(ours, (sign) => plainLetters[sign] ?? sign)
}

/** Columns that `text` takes on a terminal, colours not counted. */
export const widthOf = (text: string): number => stripVTControlCharacters(text).length

/** Text from a server, safe to print: no escape sequence or control character can reach the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** `text` cut to `width` columns with an ellipsis; colours must be added afterwards. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

// oxlint-disable-next-line no-control-regex
const escape = /^\u001b\[[0-9;?]*[A-Za-z]/

/** A line with its colours cut to `width` columns; what was coloured ends there. */
export function cutPainted(line: string, width: number): string {
  if (widthOf(line) <= width) return line
  let shown = ''
  let left = width - 1
  for (let rest = line; rest !== '';) {
    const sequence = escape.exec(rest)?.[0]
    const next = sequence ?? String.fromCodePoint(rest.codePointAt(0) ?? 0)
    // Sequences behind the end are kept: they turn the colours off.
    if (sequence !== undefined) shown += next
    else if (left > 0) shown += next
    if (sequence === undefined && left-- === 0) shown += '…'
    rest = rest.slice(next.length)
  }
  return shown
}

/** `text` folded at spaces into lines of `width` columns. */
export function fold(text: string, width: number): string[] {
  if (!Number.isFinite(width)) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line ? `${line} ${word}` : word
    }
    while (line.length > width) {
      lines.push(line.slice(0, width))
      line = line.slice(width)
    }
  }
  return [...lines, line]
}
