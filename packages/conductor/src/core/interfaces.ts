import type { z } from 'zod'
import type { BootDevice, InterfaceType, PowerState, PowerTarget } from '@ferrite/shared/contracts/nodes'
import type { Step } from './step.ts'
import type { Task } from './task.ts'

/** One key of `driver_info` that a driver understands: its type, whether it is needed, a secret, and one sentence for people. */
export type DriverInfoField = { schema: z.ZodType; required?: true; secret?: true; description: string }
export type DriverInfoFields = Readonly<Record<string, DriverInfoField>>

/** What all implementations share. `validate` makes no change and throws a Fault that names what is missing or wrong. */
export interface Interface {
  readonly name: string
  readonly driverInfo: DriverInfoFields
  validate(task: Task): Promise<void>
  /** Steps that the conductor does by itself when they are asked for, by the kind of flow; priority over 0: always. */
  readonly steps?: Readonly<Partial<Record<StepKind, readonly Step[]>>>
  /** Reads anew what clients are shown of it (settings, versions) and keeps it with the node. */
  refresh?(task: Task): Promise<void>
  /** Tries what a boot will need, before power is touched: reaches the BMC, the files, the servers. Changes nothing. */
  check?(task: Task): Promise<CheckResult[]>
}

/** One thing that was tried. `name` is a word such as `bmc`; `detail` is a sentence for people. */
export type CheckResult = { name: string; result: 'ok' | 'warning' | 'failed' | 'skipped'; detail: string }

export interface PowerInterface extends Interface {
  readonly targets: readonly PowerTarget[]
  /** Fault bmc_unreachable or bmc_refused when the BMC does not say; null from a machine that never had a state. */
  getPowerState(task: Task): Promise<PowerState | null>
  /** Returns when the machine has been seen twice in the wanted state; Fault power_failed at the deadline. */
  setPowerState(task: Task, target: PowerTarget, options?: { timeoutMs?: number }): Promise<void>
}

export interface ManagementInterface extends Interface {
  supportedBootDevices(task: Task): Promise<readonly BootDevice[]>
  getBootDevice(task: Task): Promise<{ boot_device: BootDevice | null; persistent: boolean | null }>
  /** Sets it and reads it back. */
  setBootDevice(task: Task, device: BootDevice, options: { persistent: boolean }): Promise<void>
  /** Temperatures, fans, voltages, as far as the BMC has them. */
  readSensors?(task: Task): Promise<SensorReading[]>
  /** Lights the lamp by which people find the machine, for so many seconds. */
  identify?(task: Task, seconds: number): Promise<void>
  /** What the BMC says of itself, by its own words: manufacturer, firmware. */
  describeController?(task: Task): Promise<Record<string, string>>
  /** What follows is left out where the hardware, or the driver, has no such thing. */
  injectNmi?(task: Task): Promise<void>
  /** How the machine boots now; null where the BMC does not say. */
  bootState?(task: Task): Promise<{ boot_mode: BootMode | null; secure_boot: boolean | null }>
  setBootMode?(task: Task, mode: BootMode): Promise<void>
  setSecureBoot?(task: Task, on: boolean): Promise<void>
  indicators?(task: Task): Promise<Indicators>
  getIndicator?(task: Task, component: string, name: string): Promise<string>
  setIndicator?(task: Task, component: string, name: string, state: string): Promise<void>
  virtualMedia?(task: Task): Promise<readonly Record<string, unknown>[]>
  attachVirtualMedia?(task: Task, medium: VirtualMedium): Promise<void>
  /** All of them when `devices` is left out. */
  detachVirtualMedia?(task: Task, devices?: readonly string[]): Promise<void>
}

export type BootMode = 'bios' | 'uefi'
/** component → indicator → what it can show. */
export type Indicators = Readonly<
  Record<string, Readonly<Record<string, { readonly: boolean; states: readonly string[] }>>>
>
export type VirtualMedium = {
  device_type: 'cdrom' | 'disk' | 'floppy'
  image_url: string
  image_download_source: 'http' | 'local' | 'swift'
}

export interface ConsoleInterface extends Interface {
  start(task: Task): Promise<void>
  stop(task: Task): Promise<void>
  /** Where it is: type and url. */
  info(task: Task): Promise<Record<string, unknown>>
}

/** A method that a driver offers beyond the API. `async` ones are answered before they are done. */
export type VendorMethod = {
  http_methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
  description: string
  async: boolean
  attach: false
  require_exclusive_lock: boolean
  run(task: Task, args: Readonly<Record<string, unknown>>): Promise<unknown>
}
export interface VendorInterface extends Interface {
  readonly methods: Readonly<Record<string, VendorMethod>>
}

/** `text` is the reading as the BMC words it. */
export type SensorReading = { name: string; value: number | null; unit: string | null; state: string; text: string }

/** Flows whose steps operators choose. */
export type StepKind = 'clean' | 'deploy' | 'service'

/** Kernel parameters for the ramdisk, before encoding. */
export type RamdiskParams = Readonly<Record<string, string>>

export interface BootInterface extends Interface {
  /** Makes sure that the next boot starts the deploy ramdisk (or the rescue one) with these parameters. Idempotent. */
  prepareRamdisk(task: Task, params: RamdiskParams, mode?: 'deploy' | 'rescue'): Promise<void>
  cleanUpRamdisk(task: Task): Promise<void>
  /** Makes sure that the next boots start the deployed system. */
  prepareInstance(task: Task): Promise<void>
  cleanUpInstance(task: Task): Promise<void>
  /** True when a token travels on the boot medium, unseen by the network. */
  readonly carriesToken: boolean
  /** Signs of a boot that this conductor can see because it serves what the machine fetches; none unless said. */
  readonly sees?: 'network boot'
}

/** A deploy driver is lists of steps; the engine runs them. */
export interface DeployInterface extends Interface {
  readonly deploySteps: readonly Step[]
  readonly cleanSteps: readonly Step[]
  /** What goes around the steps of a service: booting the ramdisk, and the instance again. */
  readonly serviceSteps: readonly Step[]
}

export type NetworkName = 'provisioning' | 'cleaning' | 'inspection' | 'rescuing' | 'servicing' | 'tenant'
export interface NetworkInterface extends Interface {
  /** Puts the machine's ports on this network and off every other. Idempotent. */
  attach(task: Task, network: NetworkName): Promise<void>
  /** Takes the machine's ports off every network. Idempotent. */
  detach(task: Task): Promise<void>
  /** Where the switch says that each port is, null for nowhere; undefined when nobody can be asked. */
  whereabouts?(task: Task): Promise<{ mac: string; network: string | null }[] | undefined>
  /** What the switch should call this network. */
  nameOf?(task: Task, network: NetworkName): string
}

export interface StorageInterface extends Interface {
  attachVolumes(task: Task): Promise<void>
  detachVolumes(task: Task): Promise<void>
  shouldWriteImage(task: Task): boolean
}

/** An inspection is a list of steps: out of band it is one, with a ramdisk it is more. */
export interface InspectInterface extends Interface {
  readonly inspectSteps: readonly Step[]
}

export interface RescueInterface extends Interface {
  readonly rescueSteps: readonly Step[]
  readonly unrescueSteps: readonly Step[]
}

/** The interfaces that do work today. The other types exist by name (`no-bios`, `no-raid`, …) and refuse. */
export type Interfaces = {
  power: PowerInterface
  management: ManagementInterface
  boot: BootInterface
  deploy: DeployInterface
  network: NetworkInterface
  storage: StorageInterface
  inspect: InspectInterface
  rescue: RescueInterface
  /** These are there unless the node's is `no-…`. */
  console?: ConsoleInterface
  vendor?: VendorInterface
  bios?: Interface
  firmware?: Interface
  raid?: Interface
}

/** A type of hardware: which implementations it accepts for each interface, the default first (contract 12.1). */
export type HardwareType = { name: string; interfaces: Readonly<Record<InterfaceType, readonly string[]>> }
