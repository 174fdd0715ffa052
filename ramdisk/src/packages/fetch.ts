import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { openApt } from './apt.ts'
import type { Apt, AptOptions } from './apt.ts'
import { packageOfFile } from './package.ts'
import type { Package } from './package.ts'

export type FetchOptions = AptOptions & {
  names: readonly string[]
  /** Packages of an earlier build's manifest: the same are taken, whatever is newer. */
  pinned?: readonly Package[] | undefined
}

/** What nothing in a ramdisk runs: parts of an installed system that dependencies of packages drag along. */
const needless =
  /^(adduser|coreutils|cpio|debconf|dpkg|gcc-\d+-base|init-system-helpers|initramfs-tools.*|klibc-utils|libklibc|linux-base|logsave|lsb-base|mokutil|passwd|perl.*|libperl.*|lib[a-z-]+-perl|libsemanage.*|shim-.*-common|grub-common|grub2-common|grub-efi-amd64(-bin)?|sysvinit-utils|tar|usrmerge|uuid-runtime|libpam-.*|libdb5\.3|libgdbm.*|debianutils|gettext-base|os-prober|libfuse3-3|libfreetype6|libbrotli1|libpng16-16|libdevmapper.*|dmsetup)$/

/** Downloads the packages and what they depend on; sorted by name. Fault not_found for a name that Debian does not have. */
export async function fetchPackages(options: FetchOptions): Promise<Package[]> {
  const { cacheDir, names, pinned } = options
  const store = path.join(cacheDir, 'debs')
  await mkdir(store, { recursive: true })
  const apt = await openApt(options)
  const wanted = pinned?.map(({ file, bytes }) => ({ file, bytes })) ?? (await resolve(apt, names))
  await download(apt, store, wanted, options.offline)
  const found = await Promise.all(wanted.map((item) => described(store, item.file)))
  for (const { file, sha256 } of pinned ?? []) {
    const got = found.find((item) => item.file === file)
    if (got?.sha256 !== sha256)
      throw new Fault('conflict', `${file} is not the one of the manifest: its digest differs`)
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export const debFile = (cacheDir: string, { file }: Pick<Package, 'file'>): string => path.join(cacheDir, 'debs', file)

type Wanted = { file: string; bytes: number }

/** apt's own dependency solver, on a system with nothing installed: lines of `'uri' file size digest`. */
async function resolve(apt: Apt, names: readonly string[]): Promise<Wanted[]> {
  const output = await apt.get(['install', '--print-uris', ...names]).catch((cause: unknown) => {
    const [first = 'them', ...more] = names
    const what = more.length > 0 ? `${first} and ${more.length} other packages` : first
    throw new Fault('not_found', `apt cannot get ${what}; is there a Debian mirror that answers?`, { cause })
  })
  const lines = [...output.matchAll(/^'[^']+' (\S+\.deb) (\d+)/gm)]
  return lines
    .map(([, file = '', bytes]) => ({ file, bytes: Number(bytes) }))
    .filter(({ file }) => {
      const { name } = packageOfFile(file)
      return names.includes(name) || !needless.test(name)
    })
}

async function download(apt: Apt, store: string, wanted: readonly Wanted[], offline: boolean): Promise<void> {
  const missing = await Promise.all(
    wanted.map(async ({ file, bytes }) => {
      const found = await stat(path.join(store, file)).catch(() => undefined)
      return found?.size === bytes ? [] : [file]
    }),
  )
  const files = missing.flat()
  if (files.length === 0) return
  if (offline) throw new Fault('not_found', `not in the cache, and told to stay offline: ${files.join(' ')}`)
  const directory = await mkdtemp(path.join(store, '.part-'))
  try {
    const specs = files.map((file) => packageOfFile(file)).map(({ name, version }) => `${name}=${version}`)
    await apt.get(['download', ...specs], { cwd: directory })
    for (const file of await readdir(directory)) await rename(path.join(directory, file), path.join(store, file))
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function described(store: string, file: string): Promise<Package> {
  const content = await readFile(path.join(store, file))
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { ...packageOfFile(file), file, sha256, bytes: content.length }
}
