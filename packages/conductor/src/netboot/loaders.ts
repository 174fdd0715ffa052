import type { Loader } from './node-files.ts'

/** Loaders that iPXE boots begin with; firmware that has iPXE built in needs none. */
export const ipxeLoaders = (directory: string): readonly Loader[] =>
  ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'].map((name) => ({ name, from: `${directory}/${name}` }))

/** Loaders of boot interface `pxe`: PXELINUX for BIOS, the signed shim and GRUB for UEFI. */
export const pxeLoaders: readonly Loader[] = [
  { name: 'pxelinux.0', from: '/usr/lib/PXELINUX/pxelinux.0' },
  { name: 'ldlinux.c32', from: '/usr/lib/syslinux/modules/bios/ldlinux.c32' },
  { name: 'bootx64.efi', from: '/usr/lib/shim/shimx64.efi.signed' },
  { name: 'grubx64.efi', from: '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed' },
]

/** The loader that firmware is given, by how it boots. */
export const loaderName = {
  ipxe: { bios: 'undionly.kpxe', uefi: 'snponly.efi' },
  pxe: { bios: 'pxelinux.0', uefi: 'bootx64.efi' },
} as const

/** Loaders that UEFI HTTP boot may fetch from us. */
export const httpLoaders: readonly string[] = ['snponly.efi', 'ipxe.efi']
