import type { InspectionData } from '@ferrite/shared/contracts/inspection'

/** What a ramdisk finds on a machine with two interfaces, of which it booted from the first. */
export const inspectionOf = (mac: string): InspectionData => ({
  inventory: {
    interfaces: [
      { name: 'eth0', mac_address: mac, ipv4_address: '10.0.0.5' },
      { name: 'eth1', mac_address: '52:54:00:aa:bb:02', ipv4_address: null },
    ],
    cpu: { architecture: 'x86_64', count: 8, flags: ['vmx'] },
    memory: { physical_mb: 4096 },
    boot: { current_boot_mode: 'uefi', pxe_interface: `01-${mac.replaceAll(':', '-')}` },
    disks: [{ name: '/dev/sda', size: 10 * 1024 ** 3 }],
  },
  root_disk: { name: '/dev/sda', size: 10 * 1024 ** 3 },
  error: null,
})
