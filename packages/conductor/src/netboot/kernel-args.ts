import { Fault } from '@ferrite/shared/fault'

/** Kernel parameters in order; null is a word without a value (`nofb`). */
export type KernelArgs = readonly (readonly [name: string, value: string | null])[]

const nameForm = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const valueForm = /^[\x20\x21\x23-\x7e]*$/
/** What an x86 kernel reads (COMMAND_LINE_SIZE). */
const longest = 2048

/**
 * The parameters as a kernel reads them, joined by `separator`; values with blanks are quoted. Fault invalid for what
 * the kernel's grammar cannot carry: control characters, quotes, anything beyond ASCII, more than 2048 bytes.
 */
export function renderKernelArgs(args: KernelArgs, separator: ' ' | '\n' = ' '): string {
  const text = args.map(renderOne).join(separator)
  if (text.length > longest) {
    throw new Fault('invalid', `the kernel parameters are ${text.length} bytes long; a kernel reads ${longest}`)
  }
  return text
}

function renderOne([name, value]: KernelArgs[number]): string {
  if (!nameForm.test(name)) throw new Fault('invalid', `${JSON.stringify(name)} cannot name a kernel parameter`)
  if (value === null) return name
  if (!valueForm.test(value)) {
    throw new Fault('invalid', `the kernel parameter ${name} holds a character that a kernel command line cannot carry`)
  }
  return value.includes(' ') ? `${name}="${value}"` : `${name}=${value}`
}

/** Reads a command line or a `parameters.txt`. Fault invalid where it is not one. */
export function parseKernelArgs(text: string): KernelArgs {
  const found: [string, string | null][] = []
  const word = /[ \t\n]*([^\s="]+)(?:=(?:"([^"\n]*)"|([^\s"]*)))?(?=[ \t\n]|$)/y
  const end = text.trimEnd().length
  while (word.lastIndex < end) {
    const at = word.lastIndex
    const match = word.exec(text)
    if (!match) throw new Fault('invalid', `kernel parameters cannot be read from character ${at} on`)
    const [, name = '', quoted, bare] = match
    const value = quoted ?? bare ?? null
    renderOne([name, value])
    found.push([name, value])
  }
  return found
}
