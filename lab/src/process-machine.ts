import { EventEmitter, once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { explain } from '@ferrite/shared/fault'
import { renderKernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import type { KernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import type { AgentProcess, LaunchAgent } from './agent-process.ts'
import { bootFromMedia } from './firmware.ts'
import type { Found } from './firmware.ts'
import type { BootOverride, BootTarget, Machine, MachineState } from './machine.ts'
import type { MachineDisk } from './machine-disk.ts'
import type { Network } from './network.ts'

export type MachineParts = {
  name: string
  uuid: string
  macs: readonly string[]
  disk: MachineDisk
  network: Network
  launch: LaunchAgent
  /** Directory for the console log. */
  dir: string
  firmwareDelayMs: number
  /** Parameters that a network boot would hand over; undefined: it finds no server. */
  netboot?: () => KernelArgs | undefined
}

/** A machine: power, boot order, virtual media, a disk; software runs on it as real processes. */
export class ProcessMachine implements Machine {
  readonly name: string
  readonly uuid: string
  readonly macs: readonly string[]
  readonly disk: MachineDisk
  readonly model = 'Machine as a process'
  readonly consoleFile: string
  /** URL of what each virtual drive holds. */
  readonly media = new Map<string, string>()
  readonly boots: { at: Date; from: BootTarget; found: Found }[] = []
  override: BootOverride = { enabled: 'Disabled', target: 'None', mode: 'UEFI' }
  firmwareDelayMs: number
  #parts: MachineParts
  #state: MachineState = 'off'
  #reason = ''
  #agent: AgentProcess | undefined
  #session = new AbortController()
  #changes = new EventEmitter<{ state: [] }>()

  constructor(parts: MachineParts) {
    this.name = parts.name
    this.uuid = parts.uuid
    this.macs = parts.macs
    this.disk = parts.disk
    this.firmwareDelayMs = parts.firmwareDelayMs
    this.consoleFile = path.join(parts.dir, `${parts.name}.console.log`)
    this.#parts = parts
    this.#changes.setMaxListeners(100)
  }

  get state(): MachineState {
    return this.#state
  }

  get reason(): string {
    return this.#reason
  }

  get power(): 'On' | 'Off' {
    return this.#state === 'off' ? 'Off' : 'On'
  }

  /** Process id of the agent that runs on it now. */
  get agentPid(): number | undefined {
    return this.#agent?.pid
  }

  onChange(listener: () => void): () => void {
    this.#changes.on('state', listener)
    return () => this.#changes.off('state', listener)
  }

  async until(...states: MachineState[]): Promise<MachineState> {
    while (!states.includes(this.#state)) await once(this.#changes, 'state')
    return this.#state
  }

  async insert(slot: string, url: string): Promise<void> {
    this.media.set(slot, url)
  }

  async eject(slot: string): Promise<void> {
    this.media.delete(slot)
  }

  powerOn(): void {
    if (this.#state !== 'off') return
    this.#session = new AbortController()
    this.#enter('firmware')
    void this.#boot(this.#session.signal)
  }

  async powerOff(): Promise<void> {
    this.#session.abort()
    const agent = this.#agent
    this.#agent = undefined
    await agent?.kill()
    await this.#parts.network.unplug()
    this.#enter('off')
  }

  /** The power button: an installed system shuts down; a ramdisk and an empty machine do not listen. */
  async pressPowerButton(): Promise<void> {
    if (this.#state === 'running') await this.powerOff()
  }

  async reset(): Promise<void> {
    await this.powerOff()
    this.powerOn()
  }

  /** Ends the agent as a crash would: the machine stays on. */
  async killAgent(): Promise<void> {
    await this.#agent?.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff()
    this.#changes.removeAllListeners()
  }

  async #boot(signal: AbortSignal): Promise<void> {
    try {
      await delay(this.firmwareDelayMs, undefined, { signal })
      const from = this.#takeBootTarget()
      const found = await this.#find(from, signal)
      signal.throwIfAborted()
      this.boots.push({ at: new Date(), from, found })
      if ('ramdisk' in found) await this.#startRamdisk(found.ramdisk)
      else this.#enter('disk' in found ? 'running' : 'nothing to boot', 'disk' in found ? found.disk : found.nothing)
    } catch (error) {
      if (!signal.aborted) this.#enter('nothing to boot', explain(error))
    }
  }

  #takeBootTarget(): BootTarget {
    const { enabled, target } = this.override
    if (enabled === 'Once') this.override = { ...this.override, enabled: 'Disabled', target: 'None' }
    return enabled === 'Disabled' ? 'None' : target
  }

  async #find(from: BootTarget, signal: AbortSignal): Promise<Found> {
    if (from === 'Cd' || from === 'Usb' || from === 'Floppy') {
      const drive = from === 'Cd' ? 'Cd' : 'USBStick'
      const others = [...this.media].filter(([slot]) => slot !== drive).map(([, url]) => url)
      const medium = this.media.get(drive)
      return medium ? bootFromMedia(medium, others, signal) : { nothing: `the virtual ${drive} is empty` }
    }
    if (from === 'Pxe' || from === 'UefiHttp') {
      const args = this.#parts.network.isUp() ? this.#parts.netboot?.() : undefined
      return args ? { ramdisk: args } : { nothing: 'no boot server answers' }
    }
    const disk = await this.disk.bootable()
    return disk ? { disk } : { nothing: 'the disk holds nothing bootable' }
  }

  async #startRamdisk(args: KernelArgs): Promise<void> {
    const agent = this.#parts.launch({
      kernelParams: renderKernelArgs(await this.#parts.network.plug(args)),
      disk: this.disk.path,
      macs: this.macs,
      logFile: this.consoleFile,
    })
    this.#agent = agent
    this.#enter('ramdisk')
    void agent.ended.then(async (end) => {
      if (this.#agent !== agent) return
      this.#agent = undefined
      if (end === 'died') {
        // Nobody listens any more: connections are refused, as by any machine whose server is gone.
        await this.#parts.network.unplug()
        return this.#enter('hung', 'the agent died')
      }
      await this.powerOff()
      if (end === 'reboot') this.powerOn()
    })
  }

  #enter(state: MachineState, reason = ''): void {
    this.#state = state
    this.#reason = reason
    this.#changes.emit('state')
  }
}
