import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../../core/node.ts'
import type { Task } from '../../core/task.ts'
import { archName } from '../../netboot/kernel-arch.ts'
import { parseKernelArgs, type KernelArgs } from '../../netboot/kernel-args.ts'
import type { BootFiles, CachedFile } from '../../netboot/boot-files.ts'

export type BootDefaults = {
  deployKernel: string | undefined
  deployRamdisk: string | undefined
  kernelAppendParams: string
}

export type Source = { kernel: string; ramdisk: string }

/**
 * Where kernel and ramdisk come from: the node's driver_info, else the configuration. To rescue a machine the deploy
 * ramdisk serves as well, unless another is named. Fault missing_parameter or invalid.
 */
export function deploySource(node: NodeRecord, defaults: BootDefaults, mode: 'deploy' | 'rescue' = 'deploy'): Source {
  const { rescue_kernel, rescue_ramdisk } = node.driver_info
  if (mode === 'rescue' && (rescue_kernel ?? rescue_ramdisk)) {
    return {
      kernel: sourceOf('driver_info/rescue_kernel', rescue_kernel),
      ramdisk: sourceOf('driver_info/rescue_ramdisk', rescue_ramdisk),
    }
  }
  return {
    kernel: sourceOf('driver_info/deploy_kernel', node.driver_info['deploy_kernel'] ?? defaults.deployKernel),
    ramdisk: sourceOf('driver_info/deploy_ramdisk', node.driver_info['deploy_ramdisk'] ?? defaults.deployRamdisk),
  }
}

/** Kernel and ramdisk of the instance itself, for what boots from the network for good. */
export function instanceSource(node: NodeRecord): Source {
  return {
    kernel: sourceOf('instance_info/kernel', node.instance_info['kernel']),
    ramdisk: sourceOf('instance_info/ramdisk', node.instance_info['ramdisk']),
  }
}

function sourceOf(key: string, given: unknown): string {
  if (given === undefined || given === null || given === '') {
    throw new Fault('missing_parameter', `${key} is missing: where the machine’s kernel or ramdisk comes from`)
  }
  const url = typeof given === 'string' ? URL.parse(given) : null
  const plain = url && !url.username && !url.password && (url.protocol !== 'file:' || url.host === '')
  if (plain && /^(https?|file):$/.test(url.protocol)) return url.href
  throw new Fault('invalid', `${key} must be an http, https or file URL without user and password`)
}

/** Kernel parameters that operators give, `%default%` standing for the configuration's. Fault invalid. */
export function operatorArgs(node: NodeRecord, defaults: BootDefaults, key = 'kernel_append_params'): KernelArgs {
  const given = node.instance_info[key] ?? node.driver_info[key] ?? '%default%'
  if (typeof given !== 'string') throw new Fault('invalid', `${key} must be text`)
  const args = parseKernelArgs(given.replaceAll('%default%', defaults.kernelAppendParams))
  const own = args.find(([name]) => /^(ipa-api-url|ipa-agent-token|BOOTIF|initrd)$/.test(name))
  if (!own) return args
  throw new Fault('invalid', `${key} sets ${own[0]}, which is the conductor’s to set`)
}

export type BroughtFiles = { kernel: CachedFile; ramdisk: CachedFile }

/** Kernel and ramdisk in the cache, both for the processor that the node declares. Fault invalid when one is for another. */
export async function bringFiles(task: Task, files: BootFiles, source: Source): Promise<BroughtFiles> {
  const [kernel, ramdisk] = await Promise.all([
    files.bring(source.kernel, 'kernel', task.signal),
    files.bring(source.ramdisk, 'ramdisk', task.signal),
  ])
  const found = { kernel, ramdisk }
  const mismatch = archMismatch(task.node, found)
  if (mismatch !== undefined) throw new Fault('invalid', mismatch)
  return found
}

/** What is wrong with the processors of node, kernel and ramdisk; undefined when nothing is known to be. */
export function archMismatch(node: NodeRecord, { kernel, ramdisk }: BroughtFiles): string | undefined {
  if (kernel.arch !== undefined && ramdisk.arch !== undefined && kernel.arch !== ramdisk.arch) {
    return `the kernel is for ${kernel.arch}, but the programs in the ramdisk are for ${ramdisk.arch}`
  }
  const declared = node.properties['cpu_arch']
  const files = kernel.arch ?? ramdisk.arch
  if (typeof declared !== 'string' || files === undefined || archName(declared) === files) return undefined
  return `wrong architecture: the node’s properties say ${archName(declared)}, but the deploy kernel and ramdisk are for ${files}`
}
