/**
 * Parameters of a kernel command line: blanks part them, double quotes around a value or around the whole word keep
 * blanks together, a word without `=` has the value ''. The last of equal names wins.
 */
export function parseKernelParams(text: string): Map<string, string> {
  const params = new Map<string, string>()
  for (const word of words(text)) {
    const at = word.indexOf('=')
    if (at < 0) params.set(word, '')
    else if (at > 0) params.set(word.slice(0, at), word.slice(at + 1))
  }
  return params
}

function words(text: string): string[] {
  const found: string[] = []
  let word = ''
  let quoted = false
  let begun = false
  for (const char of text) {
    if (char === '"') {
      quoted = !quoted
      begun = true
    } else if (!quoted && /\s|\0/.test(char)) {
      if (begun) found.push(word)
      word = ''
      begun = false
    } else {
      word += char
      begun = true
    }
  }
  if (begun) found.push(word)
  return found
}
