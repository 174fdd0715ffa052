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
    ...wholePackages({ packages, authorizedKeys }),
  ]
}

/** Those of which everything goes into the ramdisk. An SSH server only comes with keys to let in. */
export const wholePackages = (options: {
  packages: readonly string[]
  authorizedKeys?: string | undefined
}): string[] => [...options.packages, ...(options.authorizedKeys === undefined ? [] : ['dropbear-bin'])]
