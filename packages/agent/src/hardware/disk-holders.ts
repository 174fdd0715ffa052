import { readFile, readdir, readlink } from 'node:fs/promises'

/**
 * Who uses a block device or one of its partitions: mounts, swap, RAID, LVM, device mapper. Words for an error message;
 * empty when nobody can be named.
 */
export async function diskHolders(name: string): Promise<string[]> {
  const parts = [name, ...(await partitionsOf(name))]
  const [mounts, swaps] = await Promise.all([text('/proc/self/mounts'), text('/proc/swaps')])
  const found: string[] = []
  for (const part of parts) {
    found.push(...mountsOf(mounts, part))
    if (new RegExp(`^/dev/${part}\\s`, 'm').test(swaps)) found.push(`/dev/${part} is swap`)
    for (const holder of await list(`/sys/class/block/${part}/holders`)) {
      found.push(`/dev/${part} belongs to ${await holderName(holder)}`)
    }
  }
  return found
}

function mountsOf(mounts: string, part: string): string[] {
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([device]) => device === `/dev/${part}`)
    .map(([device, where = '']) => `${device} is mounted on ${where.replaceAll('\\040', ' ')}`)
}

async function partitionsOf(name: string): Promise<string[]> {
  const entries = await list(`/sys/class/block/${name}`)
  return entries.filter((entry) => entry.startsWith(name) && /^p?[0-9]+$/.test(entry.slice(name.length)))
}

async function holderName(holder: string): Promise<string> {
  const dm = (await text(`/sys/class/block/${holder}/dm/name`)).trim()
  return dm ? `/dev/mapper/${dm}` : `/dev/${holder}`
}

/** `/sys/class/block` entry of a device number, such as `sda` or `nvme0n1p2`. */
export async function blockName(major: number, minor: number): Promise<string> {
  return (await readlink(`/sys/dev/block/${major}:${minor}`)).split('/').at(-1) ?? ''
}

async function text(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

async function list(path: string): Promise<string[]> {
  return readdir(path).catch(() => [])
}
