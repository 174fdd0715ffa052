import { openFilter } from '../../hardware/filter.ts'
import type { CompressionFormat } from '../format/image-formats.ts'
import { badStream } from './bad-stream.ts'
import type { Decoder } from './decoded-source.ts'

/** The dictionary of `xz -9` has 64 MiB; more than this no tool makes by itself. */
const xzMemory = '160MiB'

const programs: Partial<Record<CompressionFormat, readonly [string, ...string[]]>> = {
  xz: ['xz', '-dc', '-T0', '-M', xzMemory],
  bzip2: ['bzip2', '-dc'],
}

/** xz and bzip2 by their own programs, which are faster than anything in JavaScript. */
export function openProgramDecoder(format: CompressionFormat): Decoder {
  const [file, ...args] = programs[format] ?? [format, '-dc']
  const filter = openFilter(file, args)
  let ended = false
  return {
    feed: (bytes, last) => filter.feed(bytes, last),
    async read(into) {
      if (ended) return 0
      const bytes = await filter.read(into)
      if (bytes < into.length) {
        ended = true
        const { code, stderr } = await filter.ended()
        // bzip2 ignores what follows its stream, and only says so.
        if (code !== 0 || /trailing garbage/i.test(stderr))
          throw badStream(format, { message: firstLine(stderr), code: kindOf(stderr) })
      }
      return bytes
    },
    [Symbol.asyncDispose]: () => filter[Symbol.asyncDispose](),
  }
}

/** What follows is advice that does not fit. */
const firstLine = (said: string): string => said.split('\n', 1)[0] ?? ''

function kindOf(said: string): string {
  if (/unexpected end|ends unexpectedly/i.test(said)) return 'Z_BUF_ERROR'
  if (/memory usage limit/i.test(said)) return 'MEMORY'
  return /trailing garbage/i.test(said) ? 'TRAILING' : ''
}
