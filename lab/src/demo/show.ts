import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { formatDuration } from '@ferrite/shared/units'
import { openTerminal, type Terminal } from '@ferrite/cli/terminal'
import { openLive } from '@ferrite/cli/watch/live'
import { plainLine, sparing } from '@ferrite/cli/watch/plain'
import { repeat } from '@ferrite/cli/watch/present'
import type { DemoOptions } from './options.ts'
import { emptyPicture, stages, stagesOf, withEvent, withNode, type Picture, type StageName } from './picture.ts'
import { demoScreen } from './screen.ts'
import { summaryText, type Summary } from './summary.ts'

type Note<Result> = string | ((result: Result) => string)

/** Where the demo tells what it does. Disposing puts the terminal back. */
export type Show = AsyncDisposable & {
  readonly picture: Picture
  /** Runs one stage; the note says what came out. */
  stage<Result>(name: StageName, note: Note<Result>, work: () => Promise<Result>): Promise<Result>
  event(event: FerriteEvent): void
  node(node: Parameters<typeof withNode>[1]): void
  fact(label: string, value: string): void
  /** What the machine does, as whoever stands before it sees it. */
  machine(doing: string): void
  summary(summary: Summary): void
}

type Face = AsyncDisposable & {
  stage(name: StageName, state: 'running' | 'done' | 'failed', note: string, durationMs: number | null): void
  event(event: FerriteEvent): void
  fact(label: string, value: string): void
  machine(doing: string): void
  summary(summary: Summary): void
}

/** JSON lines, a live screen on a terminal, plain lines elsewhere. */
export function openShow({ json, color }: Pick<DemoOptions, 'json' | 'color'>, kind: 'vm' | 'process'): Show {
  const terminal = openTerminal(process.stdout, { color, exact: json })
  const picture = emptyPicture(Date.now(), stagesOf[kind])
  const face = json ? jsonFace(terminal) : terminal.tty ? screenFace(picture, terminal) : plainFace(terminal)
  return {
    picture,
    async stage(name, note, work) {
      const stage = picture.stages.find((one) => one.name === name)
      const since = Date.now()
      const enter = (state: 'running' | 'done' | 'failed', text: string) => {
        const durationMs = state === 'running' ? null : Date.now() - since
        Object.assign(stage ?? {}, { state, note: text, since, durationMs })
        face.stage(name, state, text, durationMs)
      }
      enter('running', '')
      try {
        const result = await work()
        enter('done', typeof note === 'string' ? note : note(result))
        return result
      } catch (error) {
        enter('failed', '')
        throw error
      }
    },
    event(event) {
      picture.story = withEvent(picture, event)
      face.event(event)
    },
    node: (node) => void (picture.story = withNode(picture, node)),
    fact(label, value) {
      picture.facts.push([label, value])
      face.fact(label, value)
    },
    machine: (doing) => face.machine(doing),
    summary: (summary) => face.summary(summary),
    [Symbol.asyncDispose]: async () => face[Symbol.asyncDispose](),
  }
}

const nothing = async (): Promise<void> => undefined

function jsonFace(terminal: Terminal): Face {
  const line = (value: unknown) => terminal.write(`${JSON.stringify(value)}\n`)
  return {
    stage: (stage, state, note, duration_ms) => line({ type: 'stage', stage, state, note: note || null, duration_ms }),
    event: line,
    fact: (name, value) => line({ type: 'fact', name, value }),
    machine: (doing) => line({ type: 'machine', doing }),
    summary: (summary) => line({ type: 'summary', ...summary }),
    [Symbol.asyncDispose]: nothing,
  }
}

function plainFace(terminal: Terminal): Face {
  const passes = sparing(2000)
  return {
    stage(name, state, note, durationMs) {
      const time = durationMs === null ? '' : ` (${formatDuration(durationMs)})`
      if (state === 'running') terminal.write(`== ${stages[name]} …\n`)
      else terminal.write(`== ${stages[name]}: ${state}${note ? `, ${note}` : ''}${time}\n`)
    },
    event: (event) => void (passes(event) && terminal.write(`   ${plainLine(event)}\n`)),
    fact: (label, value) => terminal.write(`   ${label}: ${value}\n`),
    machine: (doing) => terminal.write(`   machine: ${doing}\n`),
    summary: (summary) => terminal.write(summaryText(summary, terminal)),
    [Symbol.asyncDispose]: nothing,
  }
}

function screenFace(picture: Picture, terminal: Terminal): Face {
  const live = openLive(terminal)
  const stopped = new AbortController()
  const draw = () => live.draw(demoScreen(picture, terminal, Date.now()))
  const drawing = repeat(draw, stopped.signal)
  let closing: Promise<void> | undefined
  const close = async () => {
    stopped.abort()
    await drawing
    draw()
    live[Symbol.dispose]()
  }
  let last = ''
  return {
    stage: () => undefined,
    event: () => undefined,
    fact: () => undefined,
    machine: () => undefined,
    summary: (summary) => void (last = summaryText(summary, terminal)),
    async [Symbol.asyncDispose]() {
      await (closing ??= close())
      terminal.write(last)
    },
  }
}
