import { Fault } from '@ferrite/shared/fault'

export type Elf = {
  /** Shared libraries that it asks for by name. */
  needed: string[]
  /** Entries `key=value` of a kernel module's own description. */
  moduleInfo: [key: string, value: string][]
}

/** Whether these are the first bytes of a 64-bit little-endian ELF file. */
export const isElf = (content: Buffer): boolean =>
  content.length > 64 && content.readUInt32BE(0) === 0x7f454c46 && content[4] === 2 && content[5] === 1

/** Reads the little that matters here of an ELF64 file by its section headers. Fault invalid. */
export function readElf(content: Buffer, name: string): Elf {
  if (!isElf(content)) throw new Fault('invalid', `${name} is not a 64-bit ELF file`)
  const sections = sectionsOf(content)
  const dynamic = sections.find(({ type }) => type === dynamicSection)
  const strings = dynamic && sections[dynamic.link]
  const needed = dynamic && strings ? neededBy(dynamic.content, strings.content) : []
  const info = sections.find((section) => section.name === '.modinfo')?.content.toString('latin1') ?? ''
  const moduleInfo = info
    .split('\0')
    .filter((line) => line.includes('='))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
  return { needed, moduleInfo }
}

type Section = { name: string; type: number; link: number; content: Buffer }

const dynamicSection = 6
const noBits = 8

function sectionsOf(content: Buffer): Section[] {
  const table = Number(content.readBigUInt64LE(0x28))
  const [size, count, namesAt] = [content.readUInt16LE(0x3a), content.readUInt16LE(0x3c), content.readUInt16LE(0x3e)]
  const headers = Array.from({ length: count }, (_, i) => content.subarray(table + i * size, table + (i + 1) * size))
  const bytesOf = (header: Buffer) => {
    if (header.readUInt32LE(4) === noBits) return Buffer.alloc(0)
    const start = Number(header.readBigUInt64LE(0x18))
    return content.subarray(start, start + Number(header.readBigUInt64LE(0x20)))
  }
  const names = headers[namesAt] ? bytesOf(headers[namesAt]) : Buffer.alloc(0)
  return headers.map((header) => ({
    name: textAt(names, header.readUInt32LE(0)),
    type: header.readUInt32LE(4),
    link: header.readUInt32LE(0x28),
    content: bytesOf(header),
  }))
}

function neededBy(dynamic: Buffer, strings: Buffer): string[] {
  const found: string[] = []
  for (let at = 0; at + 16 <= dynamic.length; at += 16) {
    if (dynamic.readBigUInt64LE(at) === 1n) found.push(textAt(strings, Number(dynamic.readBigUInt64LE(at + 8))))
  }
  return found
}

const textAt = (strings: Buffer, at: number): string => strings.toString('latin1', at, strings.indexOf(0, at))
