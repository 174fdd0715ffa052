import { existsSync, readFileSync } from 'node:fs'

const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']

/** The Debian mirror that this computer uses itself, without its last path: what `--mirror` is unless given. Empty when it has none. */
export function hostMirror(): string {
  for (const file of sources.filter((one) => existsSync(one))) {
    const found = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(https?:\/\/\S+?)\/debian\/?(?:\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    )
    if (found?.[1]) return found[1]
  }
  return ''
}
