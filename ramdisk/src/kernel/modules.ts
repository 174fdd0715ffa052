import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { readElf } from '../elf.ts'
import type { ImageTree } from '../image/tree.ts'
import type { Unpacked, UnpackedFile } from '../packages/unpack.ts'
import { addFirmware } from './firmware.ts'

export type Kernel = { release: string; image: Buffer; package: string }

/** The kernel among the packages. Fault not_found, conflict when there are two. */
export async function kernelOf(unpacked: Unpacked): Promise<Kernel> {
  const images = [...unpacked.files].filter(([file]) => file.startsWith('boot/vmlinuz-'))
  const [first] = images
  if (!first) throw new Fault('not_found', 'none of the packages has a kernel')
  if (images.length > 1) throw new Fault('conflict', `more than one kernel: ${images.map(([file]) => file).join(' ')}`)
  const [file, { source, package: item }] = first
  return {
    release: file.slice('boot/vmlinuz-'.length),
    image: await readFile(source),
    package: `${item.name} ${item.version}`,
  }
}

type Module = { file: string; found: UnpackedFile }

/**
 * Adds the wanted modules, those they depend on, and the firmware they name. What this kernel has built in or does not have
 * is left out. Returns the firmware that no package has.
 */
export async function addModules(
  tree: ImageTree,
  unpacked: Unpacked,
  { release, wanted }: { release: string; wanted: readonly string[] },
): Promise<{ missingFirmware: string[] }> {
  const root = `usr/lib/modules/${release}/`
  const known = modulesBelow(unpacked, root)
  const queue = wanted.flatMap((want) => chosen(known, `${root}kernel/`, want))
  const firmware = new Set<string>()
  const done = new Set<string>()
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const module = known.get(name)
    if (done.has(name) || !module) continue
    done.add(name)
    const content = await readFile(module.found.source)
    tree.file(module.file, content, { origin: `${module.found.package.name} ${module.found.package.version}` })
    for (const [key, value] of readElf(content, module.file).moduleInfo) {
      if (key === 'depends') queue.push(...value.split(',').filter(Boolean).map(plain))
      if (key === 'softdep')
        queue.push(
          ...value
            .split(/\s+/)
            .filter((word) => word && !word.endsWith(':'))
            .map(plain),
        )
      if (key === 'firmware') firmware.add(value)
    }
  }
  for (const name of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
    const found = unpacked.files.get(`${root}${name}`)
    if (found) tree.file(`${root}${name}`, await readFile(found.source), { origin: found.package.name })
  }
  return { missingFirmware: await addFirmware(tree, unpacked, [...firmware].sort()) }
}

/** Modules by their name as the kernel spells it, where `-` and `_` are the same. */
function modulesBelow(unpacked: Unpacked, root: string): Map<string, Module> {
  const found = [...unpacked.files].filter(([file]) => file.startsWith(root) && file.endsWith('.ko'))
  return new Map(found.map(([file, source]) => [plain(path.posix.basename(file, '.ko')), { file, found: source }]))
}

function chosen(known: ReadonlyMap<string, Module>, root: string, want: string): string[] {
  if (!want.endsWith('/')) return [plain(want)]
  return [...known].filter(([, { file }]) => file.startsWith(`${root}${want}`)).map(([name]) => name)
}

const plain = (name: string): string => name.replaceAll('-', '_')
