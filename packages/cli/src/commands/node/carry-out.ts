import { Option, type Command } from 'commander'
import type { PowerState } from '@ferrite/shared/contracts/nodes'
import type { ProvisionState } from '@ferrite/shared/provision'
import { explain } from '@ferrite/shared/fault'
import { formatDuration } from '@ferrite/shared/units'
import type { Node } from '../../client.ts'
import type { Context } from '../../context.ts'
import { CommandError, exitOf } from '../../exit.ts'
import { restingStates } from '../../states.ts'
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

/**
 * Starts work on nodes and, where asked to, waits for its end or shows it, side by side. Throws when it did not end well;
 * the trouble of one node stops no other.
 */
export async function carryOut(context: Context, works: readonly Work[], options: WaitOptions): Promise<void> {
  if (!options.wait && !options.watch) {
    return told(await Promise.allSettled(works.map((work) => begin(context, work))))
  }
  const befores = await Promise.all(works.map(({ ident }) => context.client.node(ident)))
  const ends = await followed(context, works, befores, options)
  const isShown = options.watch === true && context.out.terminal.tty && context.out.format === 'table'
  const conclusions: PromiseSettledResult<void>[] = []
  for (const [index, end] of ends.entries()) {
    const work = works[index]
    if (!work) continue
    const concluded = async () => {
      if (end.status === 'rejected') throw end.reason
      const { node, elapsedMs } = end.value
      const outcome = work.outcome?.(node) ?? node.provision_state
      const ok = work.wants ? work.wants.some((state) => state === outcome) : true
      await conclude(context, node, { ok, outcome, elapsedMs, watched: options.watch === true })
    }
    conclusions.push(...(await Promise.allSettled([concluded()])))
  }
  told(conclusions, isShown ? works.map(({ ident }) => ident) : undefined)
}

/**
 * Throws what went wrong: as it is where it is the only work, else all of it in one sentence, or only whose it was where
 * the reasons stand on the screen.
 */
function told(results: readonly PromiseSettledResult<void>[], shownAs?: readonly string[]): void {
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const [first] = reasons
  if (first === undefined) return
  if (results.length === 1 || (first instanceof CommandError && first.exit === 'interrupted')) throw first
  const failed = shownAs?.filter((_, index) => results[index]?.status === 'rejected')
  const texts = failed ?? reasons.map((reason) => explain(reason))
  const kinds = new Set(reasons.map((reason) => exitOf(reason)))
  const exit = kinds.size === 1 ? exitOf(first) : 'failed'
  throw new CommandError(
    exit,
    `${reasons.length} of ${results.length} did not end well: ${texts.join(failed ? ', ' : '; ')}`,
  )
}

async function begin({ client, out }: Context, work: Work): Promise<void> {
  await work.start()
  if (out.format === 'table') {
    return out.note(`${work.ident}: ${work.doing} (follow it with: ferrite node watch ${work.ident})`)
  }
  const node = await client.node(work.ident)
  await out.show(brief(node), () => '')
}

async function followed(
  { client, out, signal }: Context,
  works: readonly Work[],
  befores: readonly Node[],
  options: WaitOptions,
): Promise<PromiseSettledResult<{ node: Node; elapsedMs: number }>[]> {
  await using shown = options.watch ? present(befores, out) : undefined
  const ways = befores.map(async (before, index) => {
    const startedAt = performance.now()
    const node = await follow({
      client,
      uuid: before.uuid,
      signal,
      timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
      start: works[index]?.start,
      until: works[index]?.until,
      onEvent: shown?.event,
      onNode: shown?.node,
    })
    return { node, elapsedMs: Math.round(performance.now() - startedAt) }
  })
  return await Promise.allSettled(ways)
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

/** Waits for nodes that are on their way already, showing them. */
export async function watchNodes(
  context: Context,
  idents: readonly string[],
  options: { timeout?: number },
): Promise<void> {
  const works = idents.map((ident) => ({
    ident,
    doing: 'watching',
    start: async () => undefined,
    wants: restingStates,
  }))
  await carryOut(context, works, { ...options, watch: true })
}
