import { setTimeout as delay } from 'node:timers/promises'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Node } from '../client.ts'
import type { Output } from '../output.ts'
import { openLive } from './live.ts'
import { plainLine, sparing } from './plain.ts'
import { screen } from './screen.ts'
import { lookAt, storyOf, tell } from './story.ts'

/** Shows a node's way: drawn in place on a terminal, a line an event elsewhere, JSON lines for programs. */
export type Presentation = AsyncDisposable & {
  event: (event: FerriteEvent) => void
  node: (node: Node) => void
}

/** Begins to show `node`. Dispose it before printing anything else. */
export function present(node: Node, out: Output): Presentation {
  if (out.format !== 'table') return { ...silent, event: (event) => out.line(event) }
  return out.terminal.tty ? drawn(node, out) : lines(out)
}

const silent: Presentation = {
  event: () => undefined,
  node: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
}

function lines(out: Output): Presentation {
  const passes = sparing(2000)
  return { ...silent, event: (event) => void (passes(event) && out.note(plainLine(event))) }
}

function drawn(node: Node, out: Output): Presentation {
  const live = openLive(out.terminal)
  const stopped = new AbortController()
  let story = storyOf(node, Date.now())
  const draw = () => live.draw(screen(story, out.terminal, Date.now()))
  const drawing = repeat(draw, stopped.signal)
  return {
    event: (event) => void (story = tell(story, event)),
    node: (seen) => void (story = lookAt(story, seen)),
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
