import { EventEmitter, once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { BootOverride, BootTarget, Machine, MachineState } from '../machine.ts'
import type { MachineDisk } from '../machine-disk.ts'
import { afterBoot, bootDevices, bootIndex, bootOrder } from './boot-order.ts'
import { signIn } from './console-signs.ts'
import { flashAt } from './firmware-files.ts'
import type { FirmwareKind } from './firmware-files.ts'
import { startProgram } from './program.ts'
import type { Program } from './program.ts'
import { qemuArgs, qemuProgram } from './qemu-args.ts'
import { openQmp } from './qmp.ts'
import type { Qmp } from './qmp.ts'
import { openSerialConsole } from './serial-console.ts'
import type { SerialConsole } from './serial-console.ts'
import { vmDrives } from './vm-drives.ts'
import type { VmDrives } from './vm-drives.ts'

export type VmParts = {
  name: string
  uuid: string
  disk: MachineDisk
  /** Cards in their order: the MAC, and QEMU's -netdev with the id n0, n1, … */
  nics: readonly { mac: string; netdev: string }[]
  /** For logs and firmware variables. */
  dir: string
  /** For sockets, whose paths must be short. */
  socketDir: string
  firmware: FirmwareKind
  memoryMib: number
  /** The card brings no network boot code: firmware has to have its own. */
  withoutRom?: boolean | undefined
  /** Words before the command: how to get into a network namespace. */
  enter: readonly string[]
  /** Where the BMC finds what it is told to put into a drive. */
  mediumUrl: (url: string) => string
}

/** A virtual machine: one QEMU process while its power is on. */
export class VmMachine implements Machine {
  readonly name: string
  readonly uuid: string
  readonly macs: readonly string[]
  readonly disk: MachineDisk
  readonly model = 'Virtual machine'
  readonly firmware: FirmwareKind
  readonly consoleFile: string
  readonly boots: { at: Date; from: BootTarget; why: 'power on' | 'reset' }[] = []
  /** Takes the order to power on, and does not: a dead power supply. */
  isStuckOff = false
  #parts: VmParts
  #console: SerialConsole
  #drives: VmDrives
  #override: BootOverride
  #state: MachineState = 'off'
  #reason = ''
  #qemu: Program | undefined
  #qmp: Qmp | undefined
  #work: Promise<unknown> = Promise.resolve()
  #recent = ''
  #changes = new EventEmitter<{ state: [] }>()

  private constructor(parts: VmParts, console: SerialConsole) {
    this.name = parts.name
    this.uuid = parts.uuid
    this.macs = parts.nics.map(({ mac }) => mac)
    this.disk = parts.disk
    this.firmware = parts.firmware
    this.#override = { enabled: 'Disabled', target: 'None', mode: parts.firmware === 'uefi' ? 'UEFI' : 'Legacy' }
    this.consoleFile = consoleFileOf(parts)
    this.#parts = parts
    this.#console = console
    this.#drives = vmDrives({ ...parts, qmp: () => this.#qmp })
    this.#changes.setMaxListeners(100)
    console.onText((text) => this.#read(text))
  }

  static async open(parts: VmParts): Promise<VmMachine> {
    await mkdir(parts.dir, { recursive: true })
    const socket = (name: string) => path.join(parts.socketDir, `${parts.name}.${name}`)
    const logFile = consoleFileOf(parts)
    return new VmMachine(
      parts,
      await openSerialConsole({ path: socket('ser'), viewersPath: socket('console'), logFile }),
    )
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

  get pid(): number | undefined {
    return this.#qemu?.pid
  }

  /** Unix socket of the serial line, for people. */
  get viewersPath(): string {
    return this.#console.viewersPath
  }

  get override(): BootOverride {
    return this.#override
  }

  set override(override: BootOverride) {
    this.#override = override
    void this.#arm().catch(() => {})
  }

  onChange(listener: () => void): () => void {
    this.#changes.on('state', listener)
    return () => this.#changes.off('state', listener)
  }

  async until(...states: MachineState[]): Promise<MachineState> {
    while (!states.includes(this.#state)) await once(this.#changes, 'state')
    return this.#state
  }

  get media(): ReadonlyMap<string, string> {
    return this.#drives.media
  }

  insert(slot: string, url: string): Promise<void> {
    return this.#drives.insert(slot, url)
  }

  eject(slot: string): Promise<void> {
    return this.#drives.eject(slot)
  }

  powerOn(): void {
    if (this.#state !== 'off' || this.isStuckOff) return
    this.#enter('firmware')
    void this.#inTurn(() => this.#start())
  }

  async powerOff(): Promise<void> {
    await this.#inTurn(async () => {
      const qemu = this.#qemu
      await qemu?.kill()
      if (qemu) await this.#ended(qemu, '')
    })
  }

  async pressPowerButton(): Promise<void> {
    await this.#qmp?.execute('system_powerdown').catch(() => {})
  }

  async reset(): Promise<void> {
    if (this.#state === 'off') return this.powerOn()
    await this.#work
    await this.#qmp?.execute('system_reset').catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff()
    await this.#console[Symbol.asyncDispose]()
    this.#changes.removeAllListeners()
  }

  async #start(): Promise<void> {
    const order = bootOrder(this.#override)
    const qmp = await openQmp(path.join(this.#parts.socketDir, `${this.name}.qmp`))
    const { nics, disk, uuid, memoryMib, withoutRom, dir } = this.#parts
    const args = qemuArgs({
      ...{ name: this.name, uuid, memoryMib, withoutRom, nics, order },
      ...{ disk: disk.path, media: { cd: this.#drives.fileIn('Cd'), usb: this.#drives.fileIn('USBStick') } },
      ...{ qmp: qmp.path, serial: this.#console.path },
      uefi: this.firmware === 'uefi' ? await flashAt(path.join(dir, `${this.name}.vars.fd`)) : undefined,
    })
    qmp.onEvent(({ event }) => {
      if (event === 'RESET') this.#begin('reset')
    })
    this.#qmp = qmp
    const qemu = startProgram([...this.#parts.enter, qemuProgram, ...args], path.join(dir, `${this.name}.qemu.log`))
    this.#qemu = qemu
    // Being cut off is what power off means.
    void qemu.ended.then((why) => this.#ended(qemu, why === 'SIGKILL' ? '' : why))
    this.#begin('power on')
  }

  /** A boot has begun in the order that was armed; what was for this boot alone is used up. */
  #begin(why: 'power on' | 'reset'): void {
    const { enabled, target } = this.#override
    const from = enabled === 'Disabled' ? 'None' : target
    this.boots.push({ at: new Date(), from, why })
    this.#console.note(`${this.name}: ${why}, boots from ${from === 'None' ? 'its usual order' : from}`)
    this.#recent = ''
    this.#enter('firmware')
    this.override = afterBoot(this.#override)
  }

  /** Firmware reads the order when it starts, so the next boot's is set as soon as this one's has been read. */
  async #arm(): Promise<void> {
    const qmp = this.#qmp
    if (!qmp) return
    const order = bootOrder(this.#override)
    const present = bootDevices.filter((device) => device !== 'usb0' || this.media.has('USBStick'))
    const set = (device: string, value: number) =>
      qmp.execute('qom-set', { path: `/machine/peripheral/${device}`, property: 'bootindex', value }).catch(() => {})
    for (const device of present) await set(device, -1)
    for (const device of present) await set(device, bootIndex(order, device) ?? -1)
  }

  async #ended(qemu: Program, why: string): Promise<void> {
    if (this.#qemu !== qemu) return
    this.#qemu = undefined
    const qmp = this.#qmp
    this.#qmp = undefined
    await qmp?.[Symbol.asyncDispose]()
    this.#console.note(`${this.name}: power off${why && ` (${why})`}`)
    this.#enter('off', why)
  }

  #read(text: string): void {
    this.#recent = (this.#recent + text).slice(-400)
    const sign = signIn(this.#recent)
    if (sign && this.#state !== 'off') this.#enter(sign.state, sign.reason)
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#work.then(work).catch((error: unknown) => this.#enter('off', String(error)))
    this.#work = mine
    await mine
  }

  #enter(state: MachineState, reason = ''): void {
    if (state === this.#state && reason === this.#reason) return
    this.#state = state
    this.#reason = reason
    this.#changes.emit('state')
  }
}

const consoleFileOf = ({ dir, name }: VmParts): string => path.join(dir, `${name}.console.log`)
