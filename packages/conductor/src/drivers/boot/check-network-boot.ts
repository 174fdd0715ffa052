import { explain } from '@ferrite/shared/fault'
import { formatBytes } from '@ferrite/shared/units'
import type { CheckResult } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { archMismatch, deploySource } from './boot-source.ts'
import type { BroughtFiles } from './boot-source.ts'
import { doorResult } from './check-door.ts'
import type { NetworkBootParts } from './network-boot.ts'

/** What a network boot needs: the files, the right processor, a door that answers, a DHCP server, a port. */
export async function checkNetworkBoot(parts: NetworkBootParts, task: Task): Promise<CheckResult[]> {
  return [
    portResult(task),
    ...(await filesResults(parts, task)),
    await doorResult(task, `${parts.bootUrl()}/boot.ipxe`),
    ...(await parts.dhcp.check()),
  ]
}

function portResult({ ports }: Task): CheckResult {
  const macs = ports.filter(({ pxe_enabled }) => pxe_enabled).map(({ address }) => address)
  if (macs.length > 0) return { name: 'port', result: 'ok', detail: `boots from ${macs.join(' or ')}` }
  return { name: 'port', result: 'failed', detail: 'no port with pxe_enabled: the machine’s MAC address is not known' }
}

type FileParts = Pick<NetworkBootParts, 'files' | 'defaults'>

/** Kernel and ramdisk: there, whole, and for the right processor. */
export async function filesResults(parts: FileParts, task: Task): Promise<CheckResult[]> {
  const { results, found } = await bringBoth(parts, task)
  return [...results, archResult(task, found)]
}

async function bringBoth(parts: FileParts, task: Task): Promise<{ results: CheckResult[]; found?: BroughtFiles }> {
  const results: CheckResult[] = []
  const found: Partial<BroughtFiles> = {}
  for (const kind of ['kernel', 'ramdisk'] as const) {
    const name = `deploy_${kind}`
    try {
      const file = await parts.files.bring(deploySource(task.node, parts.defaults)[kind], kind, task.signal)
      found[kind] = file
      results.push({
        name,
        result: 'ok',
        detail: `${formatBytes(file.size)}, sha256 ${file.digest.slice(0, 12)}…, whole`,
      })
    } catch (error) {
      task.signal.throwIfAborted()
      results.push({ name, result: 'failed', detail: explain(error) })
    }
  }
  const { kernel, ramdisk } = found
  return kernel && ramdisk ? { results, found: { kernel, ramdisk } } : { results }
}

function archResult({ node }: Task, found: BroughtFiles | undefined): CheckResult {
  const name = 'architecture'
  if (!found) return { name, result: 'skipped', detail: 'kernel and ramdisk have to be there first' }
  const mismatch = archMismatch(node, found)
  if (mismatch !== undefined) return { name, result: 'failed', detail: mismatch }
  const arch = found.kernel.arch ?? found.ramdisk.arch
  if (arch === undefined) return { name, result: 'warning', detail: 'it cannot be told which processor they are for' }
  const declared = typeof node.properties['cpu_arch'] === 'string'
  if (declared) return { name, result: 'ok', detail: `all for ${arch}` }
  return {
    name,
    result: 'ok',
    detail: `kernel and ramdisk are for ${arch}; the node’s properties/cpu_arch does not say`,
  }
}
