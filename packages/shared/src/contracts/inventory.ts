import { z } from 'zod'

/** A disk as IPA lists it (contract 5). `size` in bytes, `name` the device path. */
export const inventoryDisk = z.looseObject({
  name: z.string(),
  model: z.string().nullable(),
  size: z.int().min(0),
  rotational: z.boolean().nullable(),
  wwn: z.string().nullable(),
  serial: z.string().nullable(),
  vendor: z.string().nullable(),
  wwn_with_extension: z.string().nullable(),
  wwn_vendor_extension: z.string().nullable(),
  hctl: z.string().nullable(),
  by_path: z.string().nullable(),
  logical_sectors: z.int().nullable(),
  physical_sectors: z.int().nullable(),
  tran: z.string().nullable(),
})
export type InventoryDisk = z.infer<typeof inventoryDisk>

export const inventoryInterface = z.looseObject({
  name: z.string(),
  mac_address: z.string().nullable(),
  ipv4_address: z.string().nullable(),
  ipv6_address: z.string().nullable(),
  has_carrier: z.boolean().nullable(),
  lldp: z.array(z.tuple([z.number(), z.string()])).nullable(),
  vendor: z.string().nullable(),
  product: z.string().nullable(),
  client_id: z.string().nullable(),
  biosdevname: z.string().nullable(),
  speed_mbps: z.int().nullable(),
  pci_address: z.string().nullable(),
  driver: z.string().nullable(),
})
export type InventoryInterface = z.infer<typeof inventoryInterface>

/** The machine as the agent sees it: IPA's keys exactly (contract 5). Memory in bytes and MiB, frequency a string in MHz. */
export const inventory = z.looseObject({
  interfaces: z.array(inventoryInterface),
  cpu: z.looseObject({
    model_name: z.string().nullable(),
    frequency: z.string().nullable(),
    count: z.int(),
    architecture: z.string(),
    flags: z.array(z.string()),
    socket_count: z.int().nullable(),
  }),
  disks: z.array(inventoryDisk),
  memory: z.looseObject({ total: z.int(), physical_mb: z.int().nullable() }),
  bmc_address: z.string().nullable(),
  bmc_v6address: z.string().nullable(),
  bmc_mac: z.string().nullish(),
  system_vendor: z.looseObject({
    product_name: z.string().nullable(),
    serial_number: z.string().nullable(),
    manufacturer: z.string().nullable(),
    firmware: z
      .looseObject({ vendor: z.string().nullable(), version: z.string().nullable(), build_date: z.string().nullable() })
      .optional(),
  }),
  boot: z.looseObject({ current_boot_mode: z.enum(['bios', 'uefi']), pxe_interface: z.string().nullable() }),
  hostname: z.string().nullable(),
})
export type Inventory = z.infer<typeof inventory>
