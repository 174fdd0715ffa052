import { explain } from '@ferrite/shared/fault'
import type { CheckResult } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { openOutbound } from '../../outbound/client.ts'

/** What a boot from virtual media needs: two drives, found by `findDrives`, and the ISO where it is said to be. */
export async function checkVirtualMedia(
  task: Task,
  iso: string,
  findDrives: () => Promise<unknown>,
): Promise<CheckResult[]> {
  return [await drivesResult(task, findDrives), await isoResult(task, new URL(iso))]
}

async function drivesResult(task: Task, findDrives: () => Promise<unknown>): Promise<CheckResult> {
  const name = 'virtual_media'
  try {
    await findDrives()
    return { name, result: 'ok', detail: 'the BMC has a CD drive and a second one for the parameters' }
  } catch (error) {
    task.signal.throwIfAborted()
    return { name, result: 'failed', detail: explain(error) }
  }
}

async function isoResult(task: Task, url: URL): Promise<CheckResult> {
  const name = 'deploy_iso'
  const shown = `${url.origin}${url.pathname}`
  try {
    // Only the head of the answer is looked at; it is the BMC that fetches the medium.
    const tls = { insecure: true }
    await using client = openOutbound({
      origin: url.origin,
      unreachable: 'step_failed',
      limits: { totalMs: 10_000 },
      tls,
    })
    const { status } = await client.request({ method: 'HEAD', path: url.pathname + url.search, signal: task.signal })
    const answers = status < 400 || status === 405 || status === 501
    if (!answers) return { name, result: 'failed', detail: `${shown} answers ${status}` }
    return { name, result: 'ok', detail: `${shown} answers` }
  } catch (error) {
    task.signal.throwIfAborted()
    // There may be a way from the BMC where there is none from here.
    return { name, result: 'warning', detail: `cannot be reached from here: ${explain(error)}` }
  }
}
