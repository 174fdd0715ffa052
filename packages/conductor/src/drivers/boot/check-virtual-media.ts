import { explain, Fault } from '@ferrite/shared/fault'
import { formatBytes } from '@ferrite/shared/units'
import type { Drive } from '../../bmc/redfish/virtual-media.ts'
import type { BootMedia } from '../../boot-media.ts'
import type { CheckResult } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { placesOf } from '../../iso/read.ts'
import { archName, kernelArch } from '../../netboot/kernel-arch.ts'
import { openOutbound } from '../../outbound/client.ts'
import type { OutboundClient } from '../../outbound/client.ts'
import { doorResult } from './check-door.ts'
import { filesResults } from './check-network-boot.ts'
import type { NodeIsoParts } from './node-iso.ts'

type Parts = {
  media: BootMedia
  own: NodeIsoParts
  /** Undefined: one is made. */
  iso: string | undefined
  drives: () => Promise<{ cd: Drive; second: Drive | undefined }>
}

/** What a boot from virtual media needs: drives, an ISO that can be fetched, the right processor, a door of ours. */
export async function checkVirtualMedia(task: Task, { media, own, iso, drives }: Parts): Promise<CheckResult[]> {
  const { result, isAlone } = await drivesResult(task, drives)
  return [
    result,
    ...(iso === undefined || isAlone ? await filesResults(own, task) : await isoResults(task, new URL(iso))),
    // A name that nothing has: that we say so shows that we are asked.
    await doorResult(task, media.urlOf(`${'0'.repeat(32)}.iso`), 404),
  ]
}

/** `isAlone`: there is a CD drive and no other, so that the ISO image will be ours. */
async function drivesResult(task: Task, drives: Parts['drives']): Promise<{ result: CheckResult; isAlone: boolean }> {
  const name = 'virtual_media'
  try {
    const { cd, second } = await drives()
    const detail = `the BMC has ${[cd, second].flatMap((one) => one?.path ?? []).join(' and ')}`
    return { result: { name, result: 'ok', detail }, isAlone: second === undefined }
  } catch (error) {
    task.signal.throwIfAborted()
    return { result: { name, result: 'failed', detail: explain(error) }, isAlone: false }
  }
}

const headBytes = 2 * 1024 * 1024
const kernelBytes = 64 * 1024

async function isoResults(task: Task, url: URL): Promise<CheckResult[]> {
  const named = { iso: 'deploy_iso', arch: 'architecture' } as const
  const skipped = { name: named.arch, result: 'skipped', detail: 'the ISO image has to be there first' } as const
  await using client = openOutbound({
    origin: url.origin,
    unreachable: 'image_unreachable',
    limits: { connectMs: 5_000, firstByteMs: 10_000, totalMs: 30_000, maxBytes: headBytes + kernelBytes },
    // The BMC fetches it, and judges certificates by its own rules.
    tls: { insecure: true },
  })
  let size: number | undefined
  try {
    size = await sizeOf(client, url, task)
  } catch (error) {
    task.signal.throwIfAborted()
    const isThere = !(error instanceof Fault) || error.code !== 'image_unreachable'
    const detail = isThere ? explain(error) : `${explain(error)}; the conductor cannot tell whether the BMC reaches it`
    return [{ name: named.iso, result: isThere ? 'failed' : 'warning', detail }, skipped]
  }
  const detail = `${url.origin}${url.pathname} is there${size === undefined ? '' : `, ${formatBytes(size)}`}`
  return [{ name: named.iso, result: 'ok', detail }, await archResult(client, url, task)]
}

async function sizeOf(client: OutboundClient, url: URL, task: Task): Promise<number | undefined> {
  const request = { path: url.pathname + url.search, headers: { accept: '*/*' }, signal: task.signal }
  let { status, headers } = await client.request({ ...request, method: 'HEAD' })
  if (status === 405 || status === 501) ({ status, headers } = await part(client, url, 0, 1, task))
  if (status >= 400) {
    throw new Fault('image_refused', `the server answers ${status} for ${url.origin}${url.pathname}`)
  }
  const length = Number(/\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length'])
  return Number.isFinite(length) && length > 0 ? length : undefined
}

const part = (client: OutboundClient, url: URL, at: number, bytes: number, task: Task) =>
  client.request({
    path: url.pathname + url.search,
    headers: { accept: '*/*', range: `bytes=${at}-${at + bytes - 1}` },
    signal: task.signal,
  })

/** Looks for the kernel on the ISO and into its head, without fetching the rest. */
async function archResult(client: OutboundClient, url: URL, task: Task): Promise<CheckResult> {
  const name = 'architecture'
  const found = await archOf(client, url, task).catch((error: unknown) => {
    task.signal.throwIfAborted()
    task.log.debug({ reason: explain(error) }, 'cannot look into the ISO image')
    return undefined
  })
  if (found === undefined) {
    return { name, result: 'warning', detail: 'it cannot be told which processor the ISO image is for' }
  }
  const declared = task.node.properties['cpu_arch']
  if (typeof declared !== 'string') {
    return { name, result: 'ok', detail: `the ISO image is for ${found}; the node’s properties/cpu_arch does not say` }
  }
  if (archName(declared) === found) return { name, result: 'ok', detail: `all for ${found}` }
  const detail = `wrong architecture: the node’s properties say ${archName(declared)}, but the ISO image is for ${found}`
  return { name, result: 'failed', detail }
}

const isKernel = /(^|\/)(vmlinuz|bzimage|linux|kernel|image)[^/]*$/i

async function archOf(client: OutboundClient, url: URL, task: Task): Promise<string | undefined> {
  const head = await part(client, url, 0, headBytes, task)
  if (head.status !== 206) return undefined
  const { places } = placesOf(head.body)
  for (const [, { at, bytes }] of [...places].filter(([path]) => isKernel.test(path)).slice(0, 4)) {
    if (bytes === 0) continue
    const kernel = await part(client, url, at, Math.min(bytes, kernelBytes), task)
    const arch = kernel.status === 206 ? kernelArch(kernel.body) : undefined
    if (arch) return arch
  }
  return undefined
}
