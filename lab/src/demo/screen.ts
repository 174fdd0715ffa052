import { formatBytes, formatDuration } from '@ferrite/shared/units'
import { markOf, paintState } from '@ferrite/cli/states'
import { cut, printable, type Terminal } from '@ferrite/cli/terminal'
import { spread, stepLines } from '@ferrite/cli/watch/screen'
import { stages, type Picture, type Stage, type StageName } from './picture.ts'

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** The flow whose steps a stage shows. */
const flowOf: Partial<Record<StageName, string>> = { provide: 'clean', deploy: 'deploy' }

/** The demo on one screen: where things are, the machine, the stages; steps below the stage that takes them. */
export function demoScreen(picture: Picture, terminal: Terminal, now: number): string[] {
  const width = Math.min(terminal.width, 96)
  const title = terminal.paint('bold', '  Ferrite demo')
  const what = terminal.paint('dim', '  one machine, one image, the public API')
  return [
    '',
    spread(width < 60 ? title : title + what, formatDuration(now - picture.startedAt), width),
    '',
    ...picture.facts.map(([label, value]) => factLine(label, value, terminal, width)),
    ...machineLines(picture, terminal),
    '',
    ...picture.stages.flatMap((stage) => stageLines(stage, picture, terminal, { width, now })),
    '',
  ]
}

const factLine = (label: string, value: string, terminal: Terminal, width: number): string =>
  `  ${terminal.paint('dim', label.padEnd(11))}${cut(printable(value), width - 13)}`

function machineLines({ story, machine }: Picture, terminal: Terminal): string[] {
  if (!story || !machine) return []
  const { network, doing } = machine()
  const target = story.target && story.target !== story.state ? terminal.paint('dim', ` → ${story.target}`) : ''
  const power = story.power ?? 'power unknown'
  const label = terminal.paint('dim', 'machine'.padEnd(11))
  const second = [terminal.paint(power === 'power on' ? 'green' : 'dim', power), `network ${network}`, doing]
  return [
    `  ${label}${terminal.paint('bold', printable(story.node))}  ${paintState(story.state, terminal, `${markOf(story.state)} ${story.state}`)}${target}`,
    `  ${' '.repeat(11)}${second.join(terminal.paint('dim', '  ·  '))}`,
  ]
}

function stageLines(
  stage: Stage,
  picture: Picture,
  terminal: Terminal,
  { width, now }: { width: number; now: number },
): string[] {
  const title = stages[stage.name]
  if (stage.state === 'pending') return [terminal.paint('dim', `  · ${title}`)]
  const time = formatDuration(stage.durationMs ?? now - stage.since)
  const note = terminal.paint('dim', cut(printable(stage.note), width - 40))
  const name = stage.state === 'running' ? terminal.paint('bold', title) : title
  const line = spread(`  ${mark(stage, terminal, now)} ${name}${' '.repeat(24 - title.length)}${note}`, time, width)
  const details = stage.state === 'done' ? [] : detailLines(stage, picture, terminal, { width, now })
  return [line, ...details]
}

function detailLines(
  { name }: Stage,
  { story, compared }: Picture,
  terminal: Terminal,
  { width, now }: { width: number; now: number },
): string[] {
  if (story && flowOf[name] && story.steps.at(-1)?.flow === flowOf[name])
    return stepLines(story, terminal, width - 2, now).map((line) => `  ${line}`)
  if (name !== 'compare' || !compared) return []
  const share = compared.total ? compared.bytes / compared.total : 0
  const room = 24
  const bar = terminal.paint('cyan', '━'.repeat(Math.round(share * room)))
  const rest = terminal.paint('dim', '╌'.repeat(room - Math.round(share * room)))
  return [`      ${bar}${rest} ${Math.floor(share * 100)}%  ${formatBytes(compared.bytes)}`]
}

function mark(stage: Stage, terminal: Terminal, now: number): string {
  if (stage.state === 'done') return terminal.paint('green', '✔')
  if (stage.state === 'failed') return terminal.paint('red', '✗')
  return terminal.paint('cyan', spinner[Math.floor(now / 100) % spinner.length] ?? '·')
}
