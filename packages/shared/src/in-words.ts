/** A value that somebody sent, for a refusal: text as it is, anything else as JSON. Never throws, whatever its `toString` is. */
export function inWords(value: unknown, longest = 64): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.slice(0, longest)
}
