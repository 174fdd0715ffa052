import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

/** What files for dnsmasq (its dhcp-hostsdir and dhcp-optsdir) say about a client. */
export type DhcpWord = { isIgnored: boolean; options: ReadonlyMap<number, string> }

export type DhcpFiles = {
  /** For a client with these tags (`ipxe` among them or not). */
  wordFor(mac: string, tags: ReadonlySet<string>): DhcpWord
  /** Reads the directories again where they have changed. */
  refresh(): Promise<void>
}

type Host = { isIgnored: boolean; tags: readonly string[] }
type Option = { tags: readonly string[]; code: number; value: string }

/** Reads the two directories as dnsmasq does, as far as conductors use it: hosts by MAC, options by number and tags. */
export function dhcpFiles({ hostsDir, optsDir }: { hostsDir: string; optsDir: string }): DhcpFiles {
  let hosts = new Map<string, Host>()
  let options: Option[] = []
  let stamp = ''
  return {
    wordFor(mac, clientTags) {
      const host = hosts.get(mac.toLowerCase())
      const tags = new Set([...clientTags, ...(host?.tags ?? [])])
      const fits = (tag: string) => (tag.startsWith('!') ? !tags.has(tag.slice(1)) : tags.has(tag))
      const said = options.filter((option) => option.tags.every(fits))
      return { isIgnored: host?.isIgnored ?? false, options: new Map(said.map(({ code, value }) => [code, value])) }
    },
    async refresh() {
      const now = await stampOf([hostsDir, optsDir])
      if (now === stamp) return
      stamp = now
      hosts = new Map((await linesIn(hostsDir)).flatMap(hostIn))
      options = (await linesIn(optsDir)).flatMap(optionIn)
    },
  }
}

async function linesIn(directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((name) => !name.startsWith('.'))
  const texts = await Promise.all(files.map((file) => readFile(path.join(directory, file), 'utf8').catch(() => '')))
  return texts.flatMap((text) => text.split('\n')).filter((line) => line && !line.startsWith('#'))
}

async function stampOf(directories: readonly string[]): Promise<string> {
  const names = await Promise.all(
    directories.map(async (directory) => (await readdir(directory)).map((name) => path.join(directory, name))),
  )
  const times = await Promise.all(
    names.flat().map(async (file) => `${file} ${(await stat(file).catch(() => undefined))?.mtimeMs}`),
  )
  return times.join('\n')
}

/** `52:54:00:fe:00:01,set:TAG,set:ironic` or `52:54:00:fe:00:01,ignore`. */
function hostIn(line: string): [string, Host][] {
  const [mac = '', ...words] = line.split(',')
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return []
  const tags = words.filter((word) => word.startsWith('set:')).map((word) => word.slice(4))
  return [[mac.toLowerCase(), { isIgnored: words.includes('ignore'), tags }]]
}

/** `tag:TAG,tag:!ipxe,67,value`. */
function optionIn(line: string): Option[] {
  const [, tagged = '', code = '', value = ''] = /^((?:tag:[^,]+,)*)(\d+)(?:,(.*))?$/.exec(line) ?? []
  if (!code) return []
  const tags = tagged
    .split(',')
    .filter(Boolean)
    .map((tag) => tag.slice(4))
  return [{ tags, code: Number(code), value }]
}
