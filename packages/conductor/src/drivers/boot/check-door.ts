import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { explain } from '@ferrite/shared/fault'
import type { CheckResult } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { openOutbound } from '../../outbound/client.ts'

const name = 'boot_url'

/** Our own door, asked as a machine or its BMC would. */
export async function doorResult(task: Task, at: string, expected = 200): Promise<CheckResult> {
  const url = new URL(at)
  try {
    await using client = openOutbound({ origin: url.origin, unreachable: 'step_failed', limits: { totalMs: 5_000 } })
    const { status } = await client.request({ path: url.pathname, signal: task.signal })
    if (status !== expected) return { name, result: 'failed', detail: `${url.href} answers ${status}` }
  } catch (error) {
    task.signal.throwIfAborted()
    if (isHere(url)) return { name, result: 'failed', detail: explain(error) }
    // Machines may be sent to us by a proxy or a network that we are not part of.
    const advice = 'that is no address of this computer, so whether machines reach it cannot be told from here'
    return { name, result: 'warning', detail: `${explain(error)}; ${advice}` }
  }
  if (isLoopback(url)) {
    const advice = 'set ramdisk_listen and ramdisk_endpoint to an address on the provisioning network'
    return { name, result: 'warning', detail: `${url.origin} is this computer’s own address for itself; ${advice}` }
  }
  return { name, result: 'ok', detail: `${expected === 200 ? url.href : url.origin} answers` }
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

const isLoopback = (url: URL): boolean => isIP(hostOf(url)) !== 0 && /^(127\.|::1$)/.test(hostOf(url))

/** A name may be anybody's, and one that does not answer is a fault wherever it leads. */
function isHere(url: URL): boolean {
  if (isIP(hostOf(url)) === 0 || isLoopback(url)) return true
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return own.some(({ address }) => address === hostOf(url))
}
