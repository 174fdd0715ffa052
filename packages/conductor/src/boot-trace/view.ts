import { furthest, isTrouble, type BootTrace } from '../core/boot-trace.ts'
import type { NodeRecord } from '../core/node.ts'
import { name } from './diagnose.ts'

/** A node's boots, newest first: each sign with the time since power on, and the furthest in words. */
export function bootTraceView({ uuid, internal }: NodeRecord): Record<string, unknown> {
  return { node_uuid: uuid, boots: (internal.boots ?? []).map(bootView).toReversed() }
}

function bootView(boot: BootTrace): Record<string, unknown> {
  const began = Date.parse(boot.signs.find(({ what }) => what === 'power_on')?.at ?? boot.started_at)
  const last = furthest(boot)
  return {
    epoch: boot.epoch,
    started_at: boot.started_at,
    reached: last?.what ?? null,
    reached_in_words: last ? name(last.what) : null,
    signs: boot.signs.map((one) => ({
      ...one,
      trouble: isTrouble(one.what),
      seconds: Math.round((Date.parse(one.at) - began) / 100) / 10,
    })),
  }
}
