import type { MachineDisk } from './machine-disk.ts'

export type BootTarget = 'None' | 'Hdd' | 'Cd' | 'Usb' | 'Floppy' | 'Pxe' | 'BiosSetup' | 'UefiHttp'
export type BootOverride = {
  enabled: 'Disabled' | 'Once' | 'Continuous'
  target: BootTarget
  mode: 'UEFI' | 'Legacy'
}

/** `hung`: its software died but the power is on, as a machine whose kernel panicked. */
export type MachineState = 'off' | 'firmware' | 'ramdisk' | 'hung' | 'running' | 'nothing to boot'

/** A machine as its BMC sees it, and as whoever stands in front of it: a process, or a virtual machine. */
export interface Machine extends AsyncDisposable {
  readonly name: string
  readonly uuid: string
  readonly macs: readonly string[]
  readonly model: string
  readonly disk: MachineDisk
  readonly consoleFile: string
  /** URL of what each virtual drive holds. */
  readonly media: ReadonlyMap<string, string>
  readonly state: MachineState
  /** Why there is nothing to boot, or what the disk boots by. */
  readonly reason: string
  readonly power: 'On' | 'Off'
  override: BootOverride
  onChange(listener: () => void): () => void
  /** Resolves once the machine is in one of these states. */
  until(...states: MachineState[]): Promise<MachineState>
  /** Rejects when the medium cannot be had. */
  insert(slot: string, url: string): Promise<void>
  eject(slot: string): Promise<void>
  powerOn(): void
  /** Hard off: what runs on it is gone without a word. */
  powerOff(): Promise<void>
  pressPowerButton(): Promise<void>
  reset(): Promise<void>
}
