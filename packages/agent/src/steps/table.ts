import { eraseDevices } from './erase-devices.ts'
import { eraseDevicesMetadata } from './erase-devices-metadata.ts'
import type { InBandStep } from './step.ts'
import { writeImage } from './write-image.ts'

/** Conductors remember steps by the manager's class and compare versions by its name: the names are IPA's. */
export const managerClass = 'GenericHardwareManager'
export const managerVersions = { generic_hardware_manager: '1.2' }

/** Every in-band step this agent offers. */
export const steps: readonly InBandStep[] = [writeImage, eraseDevicesMetadata, eraseDevices] as readonly InBandStep[]
