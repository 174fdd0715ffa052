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
}

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
}

/** Kernel parameters for the ramdisk, before encoding. */
export type RamdiskParams = Readonly<Record<string, string>>

export interface BootInterface extends Interface {
  /** Makes sure that the next boot starts the deploy ramdisk with these parameters. Idempotent. */
  prepareRamdisk(task: Task, params: RamdiskParams): Promise<void>
  cleanUpRamdisk(task: Task): Promise<void>
  /** Makes sure that the next boots start the deployed system. */
  prepareInstance(task: Task): Promise<void>
  cleanUpInstance(task: Task): Promise<void>
  /** True when a token travels on the boot medium, unseen by the network. */
  readonly carriesToken: boolean
}

/** A deploy driver is lists of steps; the engine runs them. */
export interface DeployInterface extends Interface {
  readonly deploySteps: readonly Step[]
  readonly cleanSteps: readonly Step[]
}

export type NetworkName = 'provisioning' | 'cleaning' | 'tenant'
export interface NetworkInterface extends Interface {
  /** Puts the machine's ports on this network and off every other. Idempotent. */
  attach(task: Task, network: NetworkName): Promise<void>
  /** Takes the machine's ports off every network. Idempotent. */
  detach(task: Task): Promise<void>
}

export interface StorageInterface extends Interface {
  attachVolumes(task: Task): Promise<void>
  detachVolumes(task: Task): Promise<void>
  shouldWriteImage(task: Task): boolean
}

export interface InspectInterface extends Interface {
  inspect(task: Task): Promise<void>
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
}

/** A type of hardware: which implementations it accepts for each interface, the default first (contract 12.1). */
export type HardwareType = { name: string; interfaces: Readonly<Record<InterfaceType, readonly string[]>> }
