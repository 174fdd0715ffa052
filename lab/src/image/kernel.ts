import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { runOk } from '@ferrite/agent/hardware/run'
import { Fault } from '@ferrite/shared/fault'

export type KernelModule = { name: string; bytes: Uint8Array }
export type Kernel = { release: string; image: Uint8Array; modules: KernelModule[] }

/** Disks, network and file systems that machines, virtual ones first, boot with. Built-in ones are left out. */
// oxfmt-ignore
const wanted = [
  'virtio_pci', 'virtio_blk', 'virtio_scsi', 'virtio_net', 'sd_mod', 'ata_piix', 'ahci', 'nvme', 'xhci_pci',
  'ext4', 'isofs', 'vfat', 'nls_ascii', 'nls_cp437', 'e1000', 'e1000e', 'igb', 'ixgbe',
]

/** The kernel of an unpacked package, and the modules it needs here in the order in which they can be loaded. */
export async function kernelIn(unpacked: string, signal: AbortSignal): Promise<Kernel> {
  const boot = path.join(unpacked, 'boot')
  const image = (await readdir(boot)).find((name) => name.startsWith('vmlinuz-'))
  if (!image) throw new Fault('unsupported', 'the kernel package holds no vmlinuz')
  const release = image.slice('vmlinuz-'.length)
  const files = await moduleFiles(unpacked, release)
  const loaded = new Map<string, KernelModule>()
  for (const name of wanted) await load(name, files, loaded, signal)
  return { release, image: await readFile(path.join(boot, image)), modules: [...loaded.values()] }
}

/** Module name → file, for /lib and for the merged /usr/lib. */
async function moduleFiles(unpacked: string, release: string): Promise<Map<string, string>> {
  for (const lib of ['lib', 'usr/lib']) {
    const directory = path.join(unpacked, lib, 'modules', release, 'kernel')
    const names = await readdir(directory, { recursive: true }).catch(() => [])
    if (names.length === 0) continue
    const modules = names.filter((name) => /\.ko(\.xz|\.zst)?$/.test(name))
    return new Map(modules.map((name) => [moduleName(name), path.join(directory, name)]))
  }
  throw new Fault('unsupported', `the kernel package holds no modules of ${release}`)
}

const moduleName = (file: string): string =>
  path
    .basename(file)
    .replace(/\.ko.*$/, '')
    .replaceAll('-', '_')

/** Adds a module after those it depends on. Its .modinfo section says so as text: `depends=virtio,virtio_ring`. */
async function load(
  name: string,
  files: Map<string, string>,
  loaded: Map<string, KernelModule>,
  signal: AbortSignal,
): Promise<void> {
  const file = files.get(name)
  if (!file || loaded.has(name)) return
  const bytes = await plainModule(file, signal)
  const depends = /(?:^|\0)depends=([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1] ?? ''
  for (const other of depends.split(',').filter(Boolean)) {
    await load(other.replaceAll('-', '_'), files, loaded, signal)
  }
  loaded.set(name, { name, bytes })
}

/** Newer Debian compresses modules; the loader of the initramfs shall not need to know. */
async function plainModule(file: string, signal: AbortSignal): Promise<Buffer> {
  const tool = file.endsWith('.xz') ? 'xz' : file.endsWith('.zst') ? 'zstd' : undefined
  if (!tool) return await readFile(file)
  const { stdout } = await runOk('sh', ['-c', `${tool} -dc "$1" | base64`, 'sh', file], {
    signal,
    maxOutputBytes: 64 * 1024 * 1024,
  })
  return Buffer.from(stdout, 'base64')
}
