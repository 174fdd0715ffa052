import { copyFile, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'

/**
 * What machines fetch while they boot, as files: scripts, configurations, and kernels by TFTP. Every name is made here
 * from a UUID or a MAC address; no name comes from outside.
 */
export interface NodeFiles {
  readonly tftpRoot: string
  /** The machine's iPXE script; undefined when it has none. */
  script(uuid: string): Promise<string | undefined>
  writeScript(uuid: string, text: string): Promise<void>
  /** Puts a kernel or ramdisk where TFTP serves it; its path below the root. */
  putTftp(uuid: string, name: 'deploy_kernel' | 'deploy_ramdisk', from: string): Promise<string>
  /** PXELINUX's and GRUB's configuration for a port. */
  writePxe(mac: string, texts: { pxelinux: string; grub: string }): Promise<void>
  remove(uuid: string, macs: readonly string[]): Promise<void>
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const macForm = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/

export async function openNodeFiles(parts: { directory: string; tftpRoot: string }): Promise<NodeFiles> {
  const { directory, tftpRoot } = parts
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // Whoever serves TFTP reads this as another user.
  for (const name of ['', 'pxelinux.cfg', 'grub'])
    await mkdir(path.join(tftpRoot, name), { recursive: true, mode: 0o755 })
  const scriptOf = (uuid: string) => path.join(directory, `${checked(uuid, uuidForm)}.ipxe`)
  return {
    tftpRoot,
    script: (uuid) => readIfThere(scriptOf(uuid)),
    writeScript: (uuid, text) => writeWhole(scriptOf(uuid), text, 0o600),
    async putTftp(uuid, name, from) {
      const target = path.join(tftpRoot, checked(uuid, uuidForm), name)
      await mkdir(path.dirname(target), { recursive: true, mode: 0o755 })
      await rm(target, { force: true })
      await copyFile(from, `${target}.part`)
      await rename(`${target}.part`, target)
      await readable(target)
      return `${uuid}/${name}`
    },
    async writePxe(mac, { pxelinux, grub }) {
      const { pxelinuxFile, grubFile } = pxeFiles(tftpRoot, mac)
      await writeWhole(pxelinuxFile, pxelinux, 0o644)
      await writeWhole(grubFile, grub, 0o644)
    },
    async remove(uuid, macs) {
      await rm(scriptOf(uuid), { force: true })
      await rm(path.join(tftpRoot, checked(uuid, uuidForm)), { recursive: true, force: true })
      for (const mac of macs) {
        const { pxelinuxFile, grubFile } = pxeFiles(tftpRoot, mac)
        await rm(pxelinuxFile, { force: true })
        await rm(grubFile, { force: true })
      }
    },
  }
}

function pxeFiles(root: string, mac: string) {
  const address = checked(mac.toLowerCase(), macForm)
  return {
    pxelinuxFile: path.join(root, 'pxelinux.cfg', `01-${address.replaceAll(':', '-')}`),
    grubFile: path.join(root, 'grub', `${address}.conf`),
  }
}

function checked(name: string, form: RegExp): string {
  if (form.test(name)) return name
  throw new Fault('bug', `${JSON.stringify(name.slice(0, 60))} cannot name a boot file`)
}

/** Puts loaders from the system's packages under TFTP's root; those that are not installed are left out, and told. */
export async function copyLoaders(tftpRoot: string, loaders: readonly Loader[]): Promise<string[]> {
  const missing: string[] = []
  for (const { name, from } of loaders) {
    const target = path.join(tftpRoot, name)
    const source = await stat(from).catch(() => undefined)
    const there = await stat(target).catch(() => undefined)
    if (!source && !there) missing.push(from)
    if (!source || (there?.size === source.size && there.mtimeMs >= source.mtimeMs)) continue
    await copyFile(from, `${target}.part`)
    await rename(`${target}.part`, target)
    await readable(target)
  }
  return missing
}
export type Loader = { name: string; from: string }

async function readable(file: string): Promise<void> {
  await using handle = await open(file, 'r+')
  await handle.chmod(0o644)
}

async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const part = `${file}.part`
  await rm(part, { force: true })
  {
    await using handle = await open(part, 'wx', mode)
    await handle.writeFile(text)
    await handle.chmod(mode)
  }
  await rename(part, file)
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
