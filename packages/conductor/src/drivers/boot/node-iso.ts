import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@ferrite/shared/fault'
import type { BootMedia } from '../../boot-media.ts'
import type { NodeRecord } from '../../core/node.ts'
import type { Task } from '../../core/task.ts'
import { buildBootIso } from '../../iso/boot-iso.ts'
import type { BootFiles } from '../../netboot/boot-files.ts'
import { renderKernelArgs } from '../../netboot/kernel-args.ts'
import { bringFiles, deploySource, operatorArgs } from './boot-source.ts'
import type { BootDefaults, Source } from './boot-source.ts'

export type NodeIsoParts = {
  files: BootFiles
  defaults: BootDefaults
  /** Directory of the boot loaders that a ramdisk's build leaves; undefined: beside a kernel that is a file here. */
  loaders: string | undefined
}
export type NodeIsoSource = Source & { loaders: string }
type Mode = 'deploy' | 'rescue'

/** What an ISO image of a node's own is made of. Fault missing_parameter or invalid says what is not there. */
export function nodeIsoSource(node: NodeRecord, parts: NodeIsoParts, mode?: Mode): NodeIsoSource {
  const source = deploySource(node, parts.defaults, mode)
  const loaders = parts.loaders ?? besideKernel(source.kernel)
  if (loaders !== undefined && existsSync(path.join(loaders, 'esp.img'))) return { ...source, loaders }
  throw new Fault(
    'missing_parameter',
    'the setting iso_loaders does not name the directory of boot loaders that "ramdisk build" leaves: they go onto ISO images',
  )
}

function besideKernel(kernel: string): string | undefined {
  const url = new URL(kernel)
  return url.protocol === 'file:' ? path.join(path.dirname(fileURLToPath(url)), 'loaders') : undefined
}

/** Makes the ISO image: kernel, ramdisk, and the agent's parameters, which are on no kernel command line. */
export async function writeNodeIso(
  task: Task,
  {
    parts,
    media,
    name,
    parameters,
    label,
    mode,
  }: {
    parts: NodeIsoParts
    media: BootMedia
    name: string
    parameters: string
    label: string
    mode: Mode | undefined
  },
): Promise<void> {
  const source = nodeIsoSource(task.node, parts, mode)
  const { kernel, ramdisk } = await bringFiles(task, parts.files, source)
  const args = [...operatorArgs(task.node, parts.defaults), ['boot_method', 'vmedia'] as const]
  await buildBootIso({
    kernel: kernel.path,
    ramdisk: ramdisk.path,
    loaders: source.loaders,
    kernelArgs: renderKernelArgs(args, ' '),
    parameters,
    volumeId: label,
    out: media.fileOf(name),
  })
}
