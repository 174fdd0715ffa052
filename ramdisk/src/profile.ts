/** Virtual: Debian's kernel for clouds and hypervisors. Metal: the full kernel, for servers. */
export type ProfileName = 'virtual' | 'metal'

export type Profile = {
  kernelPackage: string
  /** Modules by name, and whole directories below `kernel/` by a slash at the end. Those that a kernel lacks are left out. */
  modules: readonly string[]
}

const everywhere = [
  ...['virtio_pci', 'virtio_mmio', 'virtio_net', 'virtio_blk', 'virtio_scsi', 'virtio_console', 'virtio-rng'],
  ...['sd_mod', 'sr_mod', 'sg', 'ata_piix', 'ata_generic', 'ahci', 'nvme', 'loop'],
  ...['isofs', 'vfat', 'nls_ascii', 'nls_cp437', 'nls_utf8', 'nls_iso8859-1', 'efivarfs'],
  ...['md_mod', 'raid0', 'raid1', 'raid10', 'raid456', 'dm_mod', 'dm_multipath'],
  ...['8021q', 'bonding', 'ena', 'gve', 'hv_netvsc', 'hv_storvsc', 'hv_utils', 'vmxnet3', 'vmw_pvscsi'],
  ...['xen_netfront', 'xen_blkfront', 'mptspi', 'e1000', 'e1000e', 'igb', 'ixgbevf', 'mlx5_core', 'i6300esb'],
  ...['iscsi_tcp', 'iscsi_ibft', 'efi_pstore', 'qemu_fw_cfg', 'button'],
]

const servers = [
  'drivers/net/ethernet/intel/',
  'drivers/net/ethernet/broadcom/',
  'drivers/net/ethernet/mellanox/mlx4/',
  'drivers/net/ethernet/mellanox/mlx5/',
  'drivers/net/ethernet/mellanox/mlxfw/',
  'drivers/net/ethernet/emulex/',
  'drivers/net/ethernet/chelsio/',
  'drivers/net/ethernet/cisco/',
  'drivers/net/ethernet/qlogic/',
  'drivers/net/ethernet/sfc/',
  'drivers/net/ethernet/amd/xgbe/',
  'drivers/net/ethernet/aquantia/',
  'drivers/net/ethernet/pensando/',
  'drivers/net/ethernet/huawei/',
  'drivers/net/ethernet/netronome/',
  'drivers/net/ethernet/cavium/',
  'drivers/net/ethernet/marvell/',
  'drivers/net/ethernet/realtek/',
  ...['drivers/net/phy/', 'drivers/net/mdio/', 'cdc_ether', 'cdc_ncm', 'rndis_host', 'ax88179_178a', 'r8152'],
  'drivers/ata/',
  'drivers/nvme/host/',
  'drivers/scsi/megaraid/',
  'drivers/scsi/mpt3sas/',
  'drivers/scsi/aacraid/',
  'drivers/scsi/smartpqi/',
  'drivers/scsi/qla2xxx/',
  'drivers/scsi/lpfc/',
  'drivers/scsi/isci/',
  ...['hpsa', 'mvsas', 'mvumi', 'arcmsr', '3w-9xxx', '3w-sas', 'mptsas', 'pm80xx', 'ses', 'enclosure', 'fnic', 'snic'],
  ...['floppy', 'vmd', 'mmc_block', 'sdhci-pci', 'sdhci-acpi'],
  ...['xhci_pci', 'ehci_pci', 'ohci_pci', 'uhci_hcd', 'usb_storage', 'uas', 'usbhid', 'hid_generic'],
  ...['ipmi_si', 'ipmi_devintf', 'ipmi_ssif', 'ipmi_poweroff', 'ipmi_watchdog', 'acpi_ipmi', 'iTCO_wdt', 'i2c_i801'],
  ...['ast', 'mgag200', 'dmi_sysfs', 'edac_core', 'tpm_tis', 'tpm_crb'],
]

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  virtual: { kernelPackage: 'linux-image-cloud-amd64', modules: everywhere },
  metal: { kernelPackage: 'linux-image-amd64', modules: [...everywhere, ...servers] },
}

/** Packages with firmware that network and storage controllers ask for; only files that an included module names are taken. */
export const firmwarePackages = [
  'firmware-misc-nonfree',
  'firmware-bnx2',
  'firmware-bnx2x',
  'firmware-cavium',
  'firmware-linux-free',
  'firmware-netronome',
  'firmware-netxen',
  'firmware-qlogic',
  'firmware-realtek',
] as const

/** Programs that the agent, its libraries and the start of the system call; shared libraries follow by themselves. */
export const programs = [
  '/bin/busybox',
  '/bin/lsblk',
  '/sbin/blkid',
  '/sbin/blockdev',
  '/sbin/blkdiscard',
  '/sbin/wipefs',
  '/usr/bin/partx',
  '/usr/bin/lscpu',
  '/bin/mount',
  '/bin/umount',
  '/bin/ps',
  '/bin/udevadm',
  '/lib/systemd/systemd-udevd',
  '/lib/udev/ata_id',
  '/lib/udev/cdrom_id',
  '/lib/udev/scsi_id',
  '/lib/systemd/network/99-default.link',
  '/usr/sbin/nvme',
  '/usr/sbin/dmidecode',
  '/bin/efibootmgr',
  '/usr/bin/xz',
  '/bin/bzip2',
] as const

/** Only where there is a BMC to talk to, RAID or old disks. */
export const metalPrograms = [
  '/usr/bin/ipmitool',
  '/sbin/hdparm',
  '/sbin/mdadm',
  '/lib/udev/rules.d/63-md-raid-arrays.rules',
] as const

/** Rules that name disks and interfaces and load drivers; the others are for desktops or need the hardware database. */
export const udevRules = [
  '50-firmware',
  '60-block',
  '60-cdrom_id',
  '60-persistent-storage',
  '75-net-description',
  '80-drivers',
  '80-net-setup-link',
].map((name) => `/lib/udev/rules.d/${name}.rules`)

export const basePackages = [
  ...[
    'busybox-static',
    'libc6',
    'libstdc++6',
    'libatomic1',
    'libgcc-s1',
    'util-linux',
    'mount',
    'udev',
    'kmod',
    'procps',
  ],
  ...['nvme-cli', 'dmidecode', 'efibootmgr', 'xz-utils', 'bzip2'],
] as const
export const metalPackages = ['ipmitool', 'hdparm', 'mdadm'] as const
/** What makes kernel and ramdisk boot from a CD or a USB stick, under BIOS, UEFI and Secure Boot. */
export const bootPackages = ['isolinux', 'syslinux-common', 'shim-signed', 'grub-efi-amd64-signed'] as const
/** Run at build time only, from the same packages, so that every host builds the same. */
export const toolPackages = ['binutils-x86-64-linux-gnu'] as const
