import { Option, type Command } from 'commander'
import type { PowerState } from '@ferrite/shared/contracts/nodes'
import type { ProvisionState } from '@ferrite/shared/provision'
import { formatDuration } from '@ferrite/shared/units'
import type { Node } from '../../client.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../exit.ts'
import { isSettled } from '../../states.ts'
import { printable } from '../../terminal.ts'
import { positiveSeconds } from '../../values.ts'
import { follow } from '../../watch/follow.ts'
import { present } from '../../watch/present.ts'

export type WaitOptions = { wait?: boolean; watch?: boolean; timeout?: number }

/** `--wait`, `--watch`, `--timeout`, for everything that takes its time. */
export const withWaitOptions = (command: Command): Command =>
  command
    .option('--wait', 'return only when it is done, with its result as exit code')
    .option('--watch', 'wait, and show what happens')
    .addOption(new Option('--timeout <seconds>', 'longest time to wait (the work goes on)').argParser(positiveSeconds))

export type Work = {
  ident: string
  /** What the operator asked for, as in "deploying". */
  doing: string
  start: () => Promise<void>
  /** States that mean it went well; none given: every settled state does. */
  wants?: readonly (ProvisionState | PowerState)[]
  until?: (node: Node) => boolean
  /** What it came to; default: the provision state. `wants` is compared with it. */
  outcome?: (node: Node) => string
}

/** Starts work on a node and, where asked to, waits for its end or shows it. Throws when it did not end well. */
export async function carryOut(context: Context, work: Work, options: WaitOptions): Promise<void> {
  if (!options.wait && !options.watch) {
    await work.start()
    if (context.out.format !== 'table') {
      const node = await context.client.node(work.ident)
      await context.out.show(brief(node), () => '')
    } else {
      context.out.note(`${work.ident}: ${work.doing} (follow it with: ferrite node watch ${work.ident})`)
    }
    return
  }
  const startedAt = performance.now()
  const node = await followed(context, work, options)
  const elapsedMs = Math.round(performance.now() - startedAt)
  const outcome = work.outcome?.(node) ?? node.provision_state
  const ok = work.wants ? work.wants.some((state) => state === outcome) : true
  await conclude(context, node, { ok, outcome, elapsedMs, watched: options.watch === true })
}

async function followed(context: Context, work: Work, options: WaitOptions): Promise<Node> {
  const { client, out, signal } = context
  const before = await client.node(work.ident)
  await using shown = options.watch ? present(before, out) : undefined
  return await follow({
    client,
    uuid: before.uuid,
    signal,
    timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
    start: work.start,
    until: work.until,
    onEvent: shown?.event,
    onNode: shown?.node,
  })
}

const brief = (node: Node) => ({
  uuid: node.uuid,
  name: node.name ?? null,
  provision_state: node.provision_state,
  target_provision_state: node.target_provision_state ?? null,
  power_state: node.power_state ?? null,
  last_error: node.last_error ?? null,
})

async function conclude(
  { out }: Context,
  node: Node,
  { ok, outcome, elapsedMs, watched }: { ok: boolean; outcome: string; elapsedMs: number; watched: boolean },
): Promise<void> {
  const result = { ...brief(node), ok, elapsed_ms: elapsedMs }
  if (watched && out.format !== 'table') out.line({ type: 'result', ...result })
  else if (out.format !== 'table') await out.show(result, () => '')
  else if (ok) {
    const time = formatDuration(elapsedMs)
    const name = printable(node.name ?? node.uuid)
    const green = out.terminal.paint('green', outcome)
    out.note(`${watched && out.terminal.tty ? '\n  ' : ''}${name} is ${green} after ${time}`)
  }
  if (!ok) {
    const reason = node.last_error ? `: ${printable(node.last_error)}` : ''
    throw new CommandError('failed', `${node.name ?? node.uuid} is in state "${outcome}"${reason}`)
  }
}

/** Waits for a node that is on its way already, showing it. */
export async function watchNode(context: Context, ident: string, options: { timeout?: number }): Promise<void> {
  const startedAt = performance.now()
  const work = { ident, doing: 'watching', start: async () => undefined }
  const node = await followed(context, work, { ...options, watch: true })
  const ok = !/failed$|^error$/.test(node.provision_state) && isSettled(node.provision_state)
  const outcome = node.provision_state
  await conclude(context, node, { ok, outcome, elapsedMs: Math.round(performance.now() - startedAt), watched: true })
}
