import { eraseDevices } from './erase-devices.ts'
import { eraseDevicesMetadata } from './erase-devices-metadata.ts'
import type { InBandStep } from './step.ts'
import { writeImage } from './write-image.ts'

/** Conductors remember steps by the manager's class and compare versions by its name: the names are IPA's. */
export const managerClass = 'GenericHardwareManager'
export const managerVersions: Record<string, string> = { generic_hardware_manager: '1.2' }

/** Every in-band step this agent offers. */
export const steps: InBandStep[] = [writeImage, eraseDevicesMetadata, eraseDevices] as InBandStep[]

/**
 * Adds the steps that an operator built into a ramdisk; one with the name and interface of ours takes its place. The version
 * lets conductors see that they changed.
 */
export function addOwnSteps(own: readonly InBandStep[], version: string): void {
  if (own.length === 0) return
  for (const step of own) {
    const same = steps.findIndex((known) => known.step === step.step && known.interface === step.interface)
    steps.splice(same < 0 ? steps.length : same, same < 0 ? 0 : 1, step)
  }
  managerVersions['own_steps'] = version
}
