import { basePackages, bootPackages, firmwarePackages, metalPackages, profiles, toolPackages } from './profile.ts'
import type { ProfileName } from './profile.ts'

/** What to ask apt for, by the options of a build. */
export function packageNames(options: {
  profile: ProfileName
  firmware: boolean
  packages: readonly string[]
  authorizedKeys?: string | undefined
}): string[] {
  const { profile, firmware, packages, authorizedKeys } = options
  return [
    profiles[profile].kernelPackage,
    ...basePackages,
    ...(profile === 'metal' ? metalPackages : []),
    ...bootPackages,
    ...toolPackages,
    ...(firmware ? firmwarePackages : []),
    ...(authorizedKeys === undefined ? [] : ['dropbear-bin']),
    ...packages,
  ]
}
