import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from '../run.ts'
import type { RunOptions } from '../run.ts'

export type AptOptions = {
  cacheDir: string
  /** The mirror's URL: has `/debian` and `/debian-security`. */
  mirror: string
  /** Look at what is cached only. */
  offline: boolean
}

const release = 'bookworm'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const components = 'main non-free-firmware'
const freshMs = 24 * 3600 * 1000

/**
 * An apt of our own: Debian 12 for amd64 with nothing installed, whatever the host is set up for. Package lists are
 * fetched when they are older than a day; their signatures are checked by apt.
 */
export async function openApt({ cacheDir, mirror, offline }: AptOptions): Promise<Apt> {
  const root = path.join(cacheDir, 'apt')
  const file = (name: string) => path.join(root, name)
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'etc'])
    await mkdir(file(name), { recursive: true })
  await writeFile(file('state/status'), '')
  await writeFile(file('etc/sources.list'), sources(mirror))
  const options = [
    `Dir::State=${file('state')}`,
    `Dir::State::status=${file('state/status')}`,
    `Dir::Cache=${file('cache')}`,
    `Dir::Etc::SourceList=${file('etc/sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    'Dir::Etc::Preferences=/dev/null',
    'Dir::Etc::PreferencesParts=/dev/null',
    'Acquire::Languages=none',
    'APT::Architecture=amd64',
    'APT::Architectures=amd64',
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=root',
    'DPkg::Lock::Timeout=300',
  ].flatMap((option) => ['-o', option])
  const get = (args: readonly string[], more?: RunOptions) => run('apt-get', [...options, '-qq', ...args], more)
  const stamp = file('updated')
  if (!offline && !(await isFresh(stamp, mirror))) {
    await get(['update'])
    await writeFile(stamp, mirror)
  }
  return { get }
}

export type Apt = { get(args: readonly string[], options?: RunOptions): Promise<string> }

const sources = (mirror: string): string =>
  [
    ['debian', release],
    ['debian', `${release}-updates`],
    ['debian-security', `${release}-security`],
  ]
    .map(([archive, suite]) => `deb [signed-by=${keyring}] ${mirror}/${archive} ${suite} ${components}\n`)
    .join('')

async function isFresh(stamp: string, mirror: string): Promise<boolean> {
  const found = await stat(stamp).catch(() => undefined)
  return found !== undefined && found.size === mirror.length && Date.now() - found.mtimeMs < freshMs
}
