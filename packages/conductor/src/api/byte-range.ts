type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * The one range of bytes that `Range` asks for (RFC 9110), both ends included. Undefined means the whole: no header,
 * several ranges, another unit, or an `If-Range` that names another version.
 */
export function byteRange(
  headers: Headers,
  size: number,
  tag: string,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const header = headers['range']
  const condition = headers['if-range']
  if (typeof header !== 'string' || (condition !== undefined && condition !== tag)) return undefined
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? []
  if (from === '' && to === '') return undefined
  if (from === '') {
    const length = Math.min(Number(to), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start >= size) return 'unsatisfiable'
  return end < start ? undefined : { start, end }
}
