import { explain } from '@ferrite/shared/fault'
import { diagnose, type BootFacts } from '../boot-trace/diagnose.ts'
import type { BootTracer } from '../boot-trace/tracer.ts'
import type { BootTrace } from '../core/boot-trace.ts'
import type { NodeRecord } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { readTask } from '../nodes/read-task.ts'
import type { ProvisionParts } from '../provision/parts.ts'
import type { TaskParts } from '../work/task.ts'
import { openFail } from './check-timeouts.ts'
import { eachNode } from './each-node.ts'
import type { Periodic } from './table.ts'

export type BootWatchSettings = {
  everyMs: number
  /** Until the first sign on the network; 0 is no limit. */
  firmwareMs: number
  /** Between signs; 0 is no limit. */
  stageMs: number
  seesDhcp: boolean
  dhcpTrouble(): string | undefined
  bootUrl(): string
  /** This conductor's start: it cannot have seen anything before. */
  since: Date
}

type Given = ProvisionParts & TaskParts & BootWatchSettings & { tracer: BootTracer }
/** A node's newest sign, by the wall clock, and when it was first seen here: monotonic milliseconds. */
type Heard = { signAt: number; seenMs: number }
/** `offSince`: since when each node's BMC has said "off" without a break, monotonic milliseconds. */
type Parts = Given & { offSince: Map<string, number>; heard: Map<string, Heard>; before: Map<string, Heard> }

const waiting = ['wait call-back', 'clean wait', 'inspect wait', 'rescue wait', 'service wait']
/** How long after the last sign a machine is asked for its power at all. */
const quietMs = 20_000
/** How long it has to be off: firmware may power-cycle a machine during its self-test. */
const offMs = 20_000

/** Ends boots that go nowhere, long before the limit for everything, with the last thing seen and what is likely. */
export function watchBoots(given: Given): Periodic {
  const parts: Parts = { ...given, offSince: new Map(), heard: new Map(), before: new Map() }
  return {
    name: 'watch boots',
    everyMs: parts.everyMs,
    run: (signal) => {
      parts.before = parts.heard
      parts.heard = new Map()
      return eachNode({ ...parts, signal, concurrency: 20 }, { in_states: waiting }, (node) =>
        look(parts, node, signal),
      )
    },
  }
}

async function look(parts: Parts, node: NodeRecord, signal: AbortSignal): Promise<void> {
  const boot = currentBoot(node)
  const busy = node.maintenance || node.reservation !== null || node.internal.flow?.phase !== 'waiting'
  if (!boot || busy || node.internal.agent?.url !== undefined) return
  const silentMs = silence(parts, node.uuid, lastSign(parts, node, boot))
  const limit = limitFor(parts, node, boot)
  const isLate = limit > 0 && silentMs >= limit
  if (!isLate && silentMs < quietMs) return void parts.offSince.delete(node.uuid)
  await using task = await readTask(parts, node, signal)
  const power = await readPower(task)
  if (!isOffForLong(parts, node.uuid, power) && !isLate) return
  parts.offSince.delete(node.uuid)
  const facts = await factsFor(parts, task, { boot, silentMs, power })
  await openFail(parts, node, `The machine does not boot the ramdisk: ${diagnose(facts)}`)
}

function currentBoot({ internal }: NodeRecord): BootTrace | undefined {
  const boot = internal.boots?.at(-1)
  return boot?.epoch === internal.agent?.epoch ? boot : undefined
}

/**
 * By the wall clock, in which signs are noted, within what this process knows by itself: a clock that is set neither ends
 * a boot nor lets it go on. A sign that is seen for the first time came after the last look.
 */
function silence({ before, heard, clock, everyMs }: Parts, uuid: string, signAt: number): number {
  const now = clock.monotonicMs()
  const known = before.get(uuid)
  const seen = known?.signAt === signAt ? known : { signAt, seenMs: now }
  heard.set(uuid, seen)
  const certain = now - seen.seenMs
  return Math.min(Math.max(clock.now().getTime() - signAt, certain), certain + everyMs)
}

function lastSign({ tracer, since }: Parts, node: NodeRecord, boot: BootTrace): number {
  const movement = tracer.movement(node.uuid)?.at.getTime() ?? 0
  // The first time counts: asking the same again is no progress.
  const seen = boot.signs.map((one) => Date.parse(one.at))
  return Math.max(since.getTime(), Date.parse(boot.started_at), movement, ...seen)
}

/** What we cannot see we do not judge: only the BMC's word counts then. */
function limitFor(parts: Parts, node: NodeRecord, boot: BootTrace): number {
  if (parts.interfacesOf(node).boot.sees !== 'network boot') return 0
  return boot.signs.some(({ what }) => what !== 'power_on') ? parts.stageMs : parts.firmwareMs
}

async function readPower(task: Task): Promise<BootFacts['power']> {
  try {
    return await task.interfaces.power.getPowerState(task)
  } catch (error) {
    task.signal.throwIfAborted()
    task.log.debug({ reason: explain(error) }, 'the BMC does not say whether the machine is on')
    return undefined
  }
}

function isOffForLong({ offSince, clock }: Parts, uuid: string, power: BootFacts['power']): boolean {
  const now = clock.monotonicMs()
  if (power !== 'power off') offSince.delete(uuid)
  else if (!offSince.has(uuid)) offSince.set(uuid, now)
  return now - (offSince.get(uuid) ?? now) >= offMs
}

type Known = Pick<BootFacts, 'boot' | 'silentMs' | 'power'>

async function factsFor(parts: Parts, task: Task, known: Known): Promise<BootFacts> {
  const places = await placesOf(task)
  return {
    ...known,
    misplaced: places?.filter(({ network, wanted }) => network !== wanted) ?? [],
    placed: places?.every(({ network, wanted }) => network === wanted) ?? false,
    dhcpTrouble: parts.dhcpTrouble(),
    seesDhcp: parts.seesDhcp,
    movement: parts.tracer.movement(task.node.uuid),
    bootUrl: parts.bootUrl(),
  }
}

/** Where the switch says that each port is, and where it should be; undefined when nobody can be asked. */
async function placesOf(task: Task): Promise<{ mac: string; network: string | null; wanted: string }[] | undefined> {
  const { network } = task.interfaces
  const now = task.node.internal.network
  const wanted = now ? network.nameOf?.(task, now) : undefined
  if (wanted === undefined) return undefined
  try {
    return (await network.whereabouts?.(task))?.map((port) => ({ ...port, wanted }))
  } catch (error) {
    task.signal.throwIfAborted()
    task.log.debug({ reason: explain(error) }, 'the switch does not say where the ports are')
    return undefined
  }
}
