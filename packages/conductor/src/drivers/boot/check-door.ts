import { isIP } from 'node:net'
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
    return { name, result: 'failed', detail: explain(error) }
  }
  if (isLoopback(url)) {
    const advice = 'set ramdisk_listen and ramdisk_endpoint to an address on the provisioning network'
    return { name, result: 'warning', detail: `${url.origin} is this computer’s own address for itself; ${advice}` }
  }
  return { name, result: 'ok', detail: `${expected === 200 ? url.href : url.origin} answers` }
}

function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) !== 0 && /^(127\.|::1$)/.test(host)
}
