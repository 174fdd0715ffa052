import { setTimeout as delay } from 'node:timers/promises'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Node } from '../client.ts'
import type { Output } from '../output.ts'
import { openLive } from './live.ts'
import { plainLine, sparing } from './plain.ts'
import { screenOf } from './screen.ts'
import { lookAt, storyOf, tell, type Story } from './story.ts'

/** Shows the way of nodes: drawn in place on a terminal, a line an event elsewhere, JSON lines for programs. */
export type Presentation = AsyncDisposable & {
  event: (event: FerriteEvent) => void
  node: (node: Node) => void
}

/** Begins to show `nodes`. Dispose it before printing anything else. */
export function present(nodes: readonly Node[], out: Output): Presentation {
  if (out.format !== 'table') return { ...silent, event: (event) => out.line(event) }
  return out.terminal.tty ? drawn(nodes, out) : lines(out)
}

const silent: Presentation = {
  event: () => undefined,
  node: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
}

function lines(out: Output): Presentation {
  const sieves = new Map<string, (event: FerriteEvent) => boolean>()
  const passes = (event: FerriteEvent) => {
    const sieve = sieves.get(event.node_uuid) ?? sparing(2000)
    sieves.set(event.node_uuid, sieve)
    return sieve(event)
  }
  return { ...silent, event: (event) => void (passes(event) && out.note(plainLine(event))) }
}

function drawn(nodes: readonly Node[], out: Output): Presentation {
  const live = openLive(out.terminal)
  const stopped = new AbortController()
  const stories = new Map(nodes.map((node) => [node.uuid, storyOf(node, Date.now())]))
  const change = (uuid: string, next: (story: Story) => Story) => {
    const story = stories.get(uuid)
    if (story) stories.set(uuid, next(story))
  }
  const draw = () => live.draw(screenOf([...stories.values()], out.terminal, Date.now()))
  const drawing = repeat(draw, stopped.signal)
  return {
    event: (event) => change(event.node_uuid, (story) => tell(story, event)),
    node: (seen) => change(seen.uuid, (story) => lookAt(story, seen)),
    async [Symbol.asyncDispose]() {
      stopped.abort()
      await drawing
      draw()
      live[Symbol.dispose]()
    },
  }
}

/** Calls `work` ten times a second until the signal. */
export async function repeat(work: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    work()
    await delay(100, undefined, { signal }).catch(() => undefined)
  }
}
