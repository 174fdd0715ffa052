import type { FatEntry, FatVolume } from '../disk/fat.ts'

/** A loader on an EFI system partition: its path as firmware writes it, and the label of the boot entry. */
export type Loader = { label: string; path: string }

// IPA's order: the removable-media loaders first, then those that distributions install.
const knownNames = [
  'bootx64.efi',
  'bootaa64.efi',
  'grubx64.efi',
  'grubaa64.efi',
  'shimx64.efi',
  'shimaa64.efi',
  'winload.efi',
]
const maxDepth = 6

/**
 * What the firmware should start: the loaders that `*.csv` files beside them name (shim's fallback format), else the
 * well-known ones. Nothing is run, the names are all that is taken.
 */
export async function findLoaders(volume: FatVolume): Promise<Loader[]> {
  const files = await walk(volume, '/EFI', 0)
  const described: Loader[] = []
  for (const { directory, entry } of files.filter(({ entry: { name } }) => /\.csv$/i.test(name))) {
    const loaders = parseBootCsv(await volume.read(entry), directory)
    described.push(
      ...loaders.filter(({ path }) => files.some((file) => pathOf(file).toLowerCase() === path.toLowerCase())),
    )
  }
  if (described.length > 0) return described
  return files
    .filter(({ entry: { name } }) => knownNames.includes(name.toLowerCase()))
    .sort((a, b) => rank(a) - rank(b))
    .map((file, i) => ({ label: `ironic${i + 1}`, path: pathOf(file) }))
}

type Found = { directory: string; entry: FatEntry }

const rank = ({ entry }: Found): number => knownNames.indexOf(entry.name.toLowerCase())
const pathOf = ({ directory, entry }: Found): string => `${directory}/${entry.name}`.replaceAll('/', '\\')

async function walk(volume: FatVolume, directory: string, depth: number): Promise<Found[]> {
  const entries = (await volume.list(directory)) ?? []
  const found = entries.filter(({ isDirectory }) => !isDirectory).map((entry) => ({ directory, entry }))
  if (depth >= maxDepth) return found
  for (const { name } of entries.filter(({ isDirectory }) => isDirectory)) {
    found.push(...(await walk(volume, `${directory}/${name}`, depth + 1)))
  }
  return found
}

/** `file,label,options,description` in UTF-16, with or without a byte order mark; the file lies beside the list. */
export function parseBootCsv(bytes: Uint8Array, directory: string): Loader[] {
  const raw = Buffer.from(bytes)
  const isWide = raw.includes(0)
  const text = raw.toString(isWide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '')
  return text.split(/\r?\n/).flatMap((line) => {
    const [file = '', label = ''] = line.split(',').map((part) => part.replaceAll('\0', '').trim())
    if (!/^[\w.-]+\.efi$/i.test(file) || label === '') return []
    return [{ label: label.slice(0, 128), path: `${directory}/${file}`.replaceAll('/', '\\') }]
  })
}
