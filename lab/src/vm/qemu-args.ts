import { bootIndex } from './boot-order.ts'
import type { BootDevice } from './boot-order.ts'
import type { UefiFiles } from './firmware-files.ts'

export const qemuProgram = 'qemu-system-x86_64'

export type QemuParts = {
  name: string
  uuid: string
  memoryMib: number
  disk: string
  /** Media as files, by drive. */
  media: { cd?: string | undefined; usb?: string | undefined }
  nics: readonly { mac: string; netdev: string }[]
  order: readonly BootDevice[]
  qmp: string
  serial: string
  uefi?: { code: UefiFiles['code']; vars: string } | undefined
  /** For firmware that has to bring its own network boot: no option ROM on the card. */
  withoutRom?: boolean | undefined
}

/** The command line of a machine: TCG, because it is there everywhere; firmware and kernel speak on the serial line. */
export function qemuArgs(parts: QemuParts): string[] {
  const index = (device: BootDevice) => {
    const at = bootIndex(parts.order, device)
    return at === undefined ? '' : `,bootindex=${at}`
  }
  const { media } = parts
  return [
    ...['-name', parts.name, '-uuid', parts.uuid, '-machine', 'pc,graphics=off', '-accel', 'tcg,thread=multi'],
    // Wider vector units make the emulation slower, not faster.
    ...['-cpu', 'Nehalem', '-m', String(parts.memoryMib), '-smp', '1', '-boot', 'strict=on'],
    ...['-display', 'none', '-no-user-config', '-nodefaults', '-vga', 'none'],
    ...['-chardev', `socket,id=qmp,path=${escaped(parts.qmp)},server=off`, '-mon', 'chardev=qmp,mode=control'],
    '-chardev',
    `socket,id=ser0,path=${escaped(parts.serial)},server=off`,
    ...['-serial', 'chardev:ser0', '-device', 'virtio-rng-pci'],
    ...[
      '-drive',
      `if=none,id=d0,file=${escaped(parts.disk)},format=raw,cache=writeback,discard=unmap,detect-zeroes=off`,
    ],
    ...['-device', `virtio-blk-pci,id=disk0,drive=d0,serial=${parts.name}${index('disk0')}`],
    ...['-device', 'virtio-scsi-pci,id=scsi0'],
    ...(media.cd ? ['-drive', `if=none,id=m0,file=${escaped(media.cd)},format=raw,media=cdrom,readonly=on`] : []),
    ...['-device', `scsi-cd,id=cd0,bus=scsi0.0,channel=0,scsi-id=0,lun=0${media.cd ? ',drive=m0' : ''}${index('cd0')}`],
    ...(media.usb ? ['-drive', `if=none,id=m1,file=${escaped(media.usb)},format=raw,readonly=on`] : []),
    ...(media.usb ? ['-device', `scsi-hd,id=usb0,bus=scsi0.0,scsi-id=1,removable=on,drive=m1${index('usb0')}`] : []),
    ...parts.nics.flatMap(({ mac, netdev }, i) => [
      ...['-netdev', netdev],
      '-device',
      `virtio-net-pci,id=nic${i},netdev=n${i},mac=${mac}${i === 0 ? index('nic0') : ''}${parts.withoutRom ? ',romfile=' : ''}`,
    ]),
    ...(parts.uefi ? flash(parts.uefi) : []),
  ]
}

const flash = ({ code, vars }: { code: string; vars: string }): string[] => [
  '-drive',
  `if=pflash,format=raw,unit=0,readonly=on,file=${escaped(code)}`,
  '-drive',
  `if=pflash,format=raw,unit=1,file=${escaped(vars)}`,
]

/** In QEMU's options a comma is doubled. */
const escaped = (value: string): string => value.replaceAll(',', ',,')
