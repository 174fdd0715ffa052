import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Runner } from '@ferrite/agent/commands/runner'
import { drawn, percentOf, progressText } from '@ferrite/agent/console-screen'
import type { MachineView } from '@ferrite/agent/console-screen'
import { networkInterfaceFacts } from '@ferrite/agent/hardware/network'
import { version } from '@ferrite/shared/version'
import type { Console } from './consoles.ts'
import type { LogLine } from './log.ts'

export type Screen = {
  onLine: (line: LogLine) => void
  watch: (runner: Pick<Runner, 'list' | 'progress'>) => void
  /** Shows the last state; what was written to the consoles has a moment to get there. */
  end: () => Promise<void>
}

const intervalMs = 1_000
const networkEveryMs = 5_000
const warning = 40

/** Keeps every console up to date: a screen is redrawn when something changed, a serial line is told what happens. */
export function startScreen(consoles: readonly Console[]): Screen {
  const view: MachineView = { machine: machineName(), version, interfaces: [], doing: 'starting', uptimeMs: uptimeMs() }
  const screens = consoles.filter(({ isScreen }) => isScreen)
  const lines = consoles.filter(({ isScreen }) => !isScreen)
  const say = (text: string) => lines.forEach((line) => line.write(`${text}\r\n`))
  let runner: Pick<Runner, 'list' | 'progress'> | undefined
  let told = ''
  let shown = ''
  let networkAt = -networkEveryMs

  const refresh = async () => {
    view.uptimeMs = uptimeMs()
    if (view.uptimeMs - networkAt >= networkEveryMs) {
      networkAt = view.uptimeMs
      view.interfaces = await interfacesNow().catch(() => view.interfaces)
    }
    follow(view, runner)
    const { uptimeMs: _always, ...state } = view
    if (JSON.stringify(state) !== shown) screens.forEach((screen) => screen.write(drawn(view)))
    shown = JSON.stringify(state)
    const mark = view.progress ? `${view.progress.phase} ${Math.floor((percentOf(view.progress) ?? 0) / 10)}` : ''
    if (view.progress && mark !== told) say(`ferrite: ${progressText(view.progress)}`)
    told = mark
  }
  const timer = setInterval(() => void refresh(), intervalMs)
  timer.unref()
  return {
    onLine(line) {
      learn(view, line)
      say(storyLine(line))
    },
    watch: (watched) => void (runner = watched),
    async end() {
      clearInterval(timer)
      await refresh()
      await delay(200)
    },
  }
}

/** What the log's words mean to somebody who does not know the agent. */
const plainWords: Readonly<Record<string, string>> = {
  'looking up who we are': 'asking the conductor who this machine is',
  'lookup failed, trying again': 'the conductor does not know this machine yet, asking again',
  'looked up': 'known to the conductor',
  serving: 'ready, waiting for the conductor',
  'command started': 'working',
  'command succeeded': 'done, waiting for the conductor',
  'command failed': 'failed, waiting for the conductor',
}

function learn(view: MachineView, line: LogLine): void {
  view.doing = plainWords[line.msg] ?? line.msg
  if (Array.isArray(line['api'])) view.conductor = line['api'].join(' ')
  if (typeof line['node'] === 'string') view.node = line['node']
  if (line.level >= warning) view.lastError = [line.msg, line['err']].filter(Boolean).join(': ')
}

function follow(view: MachineView, runner: Pick<Runner, 'list' | 'progress'> | undefined): void {
  const running = runner?.list().find(({ command_status: status }) => status === 'RUNNING')
  const progress = runner?.progress()?.progress
  if (running) view.step = running.command_name
  else delete view.step
  if (progress) view.progress = progress
  else delete view.progress
}

/** A log line for people, with the seconds since power-on that boot traces are read by. */
export function storyLine({ level, time: _time, msg, ...facts }: LogLine): string {
  const told = Object.entries(facts).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const mark = level >= warning ? ' !' : ''
  return `ferrite: [${(uptimeMs() / 1000).toFixed(1)}]${mark} ${[msg, ...told].join(' ')}`.slice(0, 800)
}

async function interfacesNow(): Promise<MachineView['interfaces']> {
  const facts = await networkInterfaceFacts()
  return facts.map(({ name, mac_address: mac, has_carrier: hasCarrier, ipv4_address: v4, ipv6_address: v6 }) => ({
    name,
    mac,
    hasCarrier: hasCarrier === true,
    addresses: [v4, v6].filter((address) => address !== null && address !== undefined),
  }))
}

function machineName(): string {
  const [maker, product, serial] = ['sys_vendor', 'product_name', 'product_serial'].map(firmwareText)
  return `${[maker, product].filter(Boolean).join(' ') || 'unknown'}${serial ? `, serial ${serial}` : ''}`
}

function firmwareText(name: string): string {
  try {
    return readFileSync(`/sys/class/dmi/id/${name}`, 'utf8').trim()
  } catch {
    // Not every firmware tells.
    return ''
  }
}

const uptimeMs = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000
