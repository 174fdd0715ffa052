import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runOk, type RunOptions } from '@ferrite/agent/hardware/run'
import { Fault, isFault } from '@ferrite/shared/fault'

/** What the image is made of. libdevmapper is for grub-mkimage, which is run from where it is unpacked. */
const names = ['busybox-static', 'grub-common', 'grub-pc-bin', 'grub-efi-amd64-bin', 'libdevmapper1.02.1']
const kernelPackage = 'linux-image-cloud-amd64'

/**
 * Debian packages, downloaded by apt and unpacked below `directory`, without installing anything: a second call finds
 * them there. Faults where there is no apt, no Debian or no network.
 */
export async function unpackedPackages(directory: string, signal: AbortSignal): Promise<string> {
  const done = path.join(directory, 'unpacked')
  if (await exists(done)) return done
  const debs = path.join(directory, 'debs')
  await mkdir(debs, { recursive: true })
  const options = { signal, timeoutMs: 120_000 }
  if ((await debsIn(debs)).length <= names.length) await download(directory, debs, options)
  const making = `${done}.${process.pid}`
  await rm(making, { recursive: true, force: true })
  try {
    for (const deb of await debsIn(debs)) await runOk('dpkg-deb', ['-x', path.join(debs, deb), making], options)
    await rename(making, done)
  } finally {
    await rm(making, { recursive: true, force: true })
  }
  return done
}

const debsIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.deb')).sort()

const plain = ['-oAPT::Sandbox::User=root', '-oAcquire::Retries=1', '-oAcquire::http::Timeout=10']

/** By the machine's own package lists; where they are missing or out of date, by lists of our own, fetched now. */
async function download(directory: string, debs: string, options: RunOptions): Promise<void> {
  const withLists = async (apt: string[]) => {
    const kernel = await kernelName(apt, options)
    await runOk('env', ['-C', debs, 'apt-get', '-qq', ...apt, 'download', kernel, ...names], options)
  }
  try {
    await withLists(plain)
  } catch (error) {
    if (!isFault(error, 'step_failed')) throw error
    await withLists(await ownLists(path.join(directory, 'apt'), options))
  }
}

async function ownLists(state: string, options: RunOptions): Promise<string[]> {
  for (const part of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(path.join(state, part), { recursive: true })
  }
  const own = [
    ...plain,
    `-oDir::State::lists=${state}/lists`,
    `-oDir::Cache=${state}/cache`,
    '-oAcquire::Languages=none',
  ]
  await runOk('apt-get', ['-qq', ...own, 'update'], options)
  return own
}

/** The package behind the meta package, e.g. linux-image-6.1.0-56-cloud-amd64. */
async function kernelName(apt: string[], options: RunOptions): Promise<string> {
  const { stdout } = await runOk('apt-cache', [...apt, 'depends', kernelPackage], options)
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1]
  if (!name) throw new Fault('unsupported', `apt does not say which kernel ${kernelPackage} stands for`)
  return name
}

export async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}

/** Writes a file and the directories above it. */
export async function put(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content, { mode })
}
