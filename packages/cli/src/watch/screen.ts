import { formatDuration } from '@ferrite/shared/units'
import { isSettled, markOf, paintState } from '../states.ts'
import { fold, printable, widthOf, type Terminal } from '../terminal.ts'
import { barLine } from './bar.ts'
import { presentFlow, type Story, type StoryStep } from './story.ts'

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * The live picture of machines' ways, as lines: every step of a machine that is alone, the present one of each where they
 * stand side by side. `now` is milliseconds of `Date`.
 */
export function screenOf(stories: readonly Story[], terminal: Terminal, now: number): string[] {
  const width = Math.min(terminal.width, 96)
  const isAlone = stories.length === 1
  return stories.flatMap((story) => {
    const steps = isAlone ? story : { ...story, steps: story.steps.slice(-1) }
    const shown = isAlone || !isSettled(story.state) || story.lastError !== null
    const lines = shown ? stepLines(steps, terminal, width, now) : []
    return ['', headline(story, terminal, width, now), ...(isAlone ? [''] : []), ...lines]
  })
}

function headline(story: Story, terminal: Terminal, width: number, now: number): string {
  const target = story.target && story.target !== story.state ? terminal.paint('dim', ` → ${story.target}`) : ''
  const state = paintState(story.state, terminal, `${markOf(story.state)} ${story.state}`)
  const left = `  ${terminal.paint('bold', printable(story.node))}  ${state}${target}`
  const power = story.power ? terminal.paint(story.power === 'power on' ? 'green' : 'dim', story.power) : ''
  return spread(left, `${power}  ${formatDuration((story.settledAt ?? now) - story.startedAt).padStart(6)}`, width)
}

/** The steps of the present flow with their times; under the one being done, its progress. */
export function stepLines(story: Story, terminal: Terminal, width: number, now: number): string[] {
  const steps = presentFlow(story)
  return steps.flatMap((step, index) => {
    const last = index === steps.length - 1
    const position = terminal.paint('dim', `${step.index + 1}/${step.count}`.padStart(5))
    const time = formatDuration(step.durationMs ?? now - step.since)
    const line = spread(
      `  ${mark(step, terminal, now)} ${title(step, terminal, last ? story.boot : undefined)}`,
      `${position} ${time.padStart(7)}`,
      width,
    )
    const bar =
      last && step.state !== 'failed' && story.progress ? [`    ${barLine(story.progress, width - 4, terminal)}`] : []
    const error = step.error
      ? fold(printable(step.error), width - 4).map((text) => `    ${terminal.paint('red', text)}`)
      : []
    return [line, ...bar, ...error]
  })
}

function title(step: StoryStep, terminal: Terminal, boot: string | undefined): string {
  const name = step.name.replace(/^deploy\./, '').replaceAll('_', ' ')
  const waits = boot ? `(the machine boots: ${boot})` : '(the agent is at work)'
  if (step.state === 'waiting') return `${name} ${terminal.paint('dim', waits)}`
  return step.state === 'finished' ? name : terminal.paint('bold', name)
}

function mark(step: StoryStep, terminal: Terminal, now: number): string {
  if (step.state === 'finished') return terminal.paint('green', '✔')
  if (step.state === 'failed') return terminal.paint('red', '✗')
  return terminal.paint('cyan', spinner[Math.floor(now / 100) % spinner.length] ?? '·')
}

/** `left` and `right` at the two ends of `width` columns. */
export const spread = (left: string, right: string, width: number): string =>
  left + ' '.repeat(Math.max(1, width - widthOf(left) - widthOf(right))) + right
