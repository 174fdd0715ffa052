/** Without the escapes of a URL. A `%` that begins no escape is one that somebody forgot to write as `%25`. */
export function withoutEscapes(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (error instanceof URIError) return part
    throw error
  }
}
