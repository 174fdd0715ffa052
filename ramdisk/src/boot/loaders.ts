import { readFile } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import type { Unpacked } from '../packages/unpack.ts'
import { fatImage } from './fat-image.ts'

/** Debian's signed loaders for UEFI as a FAT file system, and those for BIOS, by the names that an ISO's writer expects. */
export async function bootLoaders(unpacked: Unpacked): Promise<Record<string, Buffer>> {
  const read = async (file: string) => {
    const found = unpacked.files.get(file)
    if (!found) throw new Fault('not_found', `none of the packages has the file /${file}`)
    return readFile(found.source)
  }
  const [shim, grub] = [
    await read('usr/lib/shim/shimx64.efi.signed'),
    // The variant that looks for its configuration on the medium that it came from.
    await read('usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed'),
  ]
  return {
    'loaders/esp.img': fatImage({ 'EFI/BOOT/BOOTX64.EFI': shim, 'EFI/BOOT/GRUBX64.EFI': grub }),
    'loaders/isolinux.bin': await read('usr/lib/ISOLINUX/isolinux.bin'),
    'loaders/isohdpfx.bin': await read('usr/lib/ISOLINUX/isohdpfx.bin'),
    'loaders/ldlinux.c32': await read('usr/lib/syslinux/modules/bios/ldlinux.c32'),
  }
}
