import { z } from 'zod'
import { provisionStates, type ProvisionState } from '../provision.ts'
import { networkData } from './network-data.ts'

export const interfaceTypes = [
  'bios',
  'boot',
  'console',
  'deploy',
  'firmware',
  'inspect',
  'management',
  'network',
  'power',
  'raid',
  'rescue',
  'storage',
  'vendor',
] as const
export type InterfaceType = (typeof interfaceTypes)[number]

export const powerStates = ['power on', 'power off', 'error'] as const
export type PowerState = 'power on' | 'power off'
export const powerTargets = ['power on', 'power off', 'rebooting', 'soft power off', 'soft rebooting'] as const
export type PowerTarget = (typeof powerTargets)[number]

export const bootDevices = [
  'pxe',
  'disk',
  'cdrom',
  'bios',
  'safe',
  'wanboot',
  'iscsi_boot',
  'floppy',
  'uefi_http',
] as const
export type BootDevice = (typeof bootDevices)[number]

const text = z.string().max(255).nullable()
const iface = z.string().max(255).nullable()
const bag = z.record(z.string(), z.unknown())
const time = z.string().nullable()

/** A field of a node: its type, the microversion that shows it, who may write it, its value when nobody has (contract 8.4.1). */
type NodeField = { since: number; schema: z.ZodType; create?: true; patch?: true; initial: unknown }

/** Every field of a node that clients can see. A new field is one row here. */
// oxfmt-ignore
export const nodeFields = {
  uuid:                   { since: 1,  schema: z.guid(), create: true, initial: null },
  name:                   { since: 5,  schema: z.string().min(1).max(255).nullable(), create: true, patch: true, initial: null },
  created_at:             { since: 1,  schema: time, initial: null },
  updated_at:             { since: 1,  schema: time, initial: null },
  driver:                 { since: 1,  schema: z.string().min(1).max(255), create: true, patch: true, initial: null },
  driver_info:            { since: 1,  schema: bag, create: true, patch: true, initial: {} },
  driver_internal_info:   { since: 3,  schema: bag, initial: {} },
  properties:             { since: 1,  schema: bag, create: true, patch: true, initial: {} },
  extra:                  { since: 1,  schema: bag, create: true, patch: true, initial: {} },
  instance_info:          { since: 1,  schema: bag, create: true, patch: true, initial: {} },
  instance_uuid:          { since: 1,  schema: z.guid().nullable(), create: true, patch: true, initial: null },
  chassis_uuid:           { since: 1,  schema: z.guid().nullable(), create: true, patch: true, initial: null },
  maintenance:            { since: 1,  schema: z.boolean(), create: true, patch: true, initial: false },
  maintenance_reason:     { since: 1,  schema: z.string().max(4096).nullable(), initial: null },
  fault:                  { since: 42, schema: text, initial: null },
  power_state:            { since: 1,  schema: z.enum(powerStates).nullable(), initial: null },
  target_power_state:     { since: 1,  schema: z.enum(powerTargets).nullable(), initial: null },
  provision_state:        { since: 1,  schema: z.enum(provisionStates as [ProvisionState, ...ProvisionState[]]), initial: 'enroll' },
  target_provision_state: { since: 1,  schema: z.enum(provisionStates as [ProvisionState, ...ProvisionState[]]).nullable(), initial: null },
  provision_updated_at:   { since: 1,  schema: time, initial: null },
  last_error:             { since: 1,  schema: z.string().nullable(), initial: null },
  reservation:            { since: 1,  schema: text, initial: null },
  console_enabled:        { since: 1,  schema: z.boolean(), create: true, initial: false },
  clean_step:             { since: 7,  schema: bag, initial: {} },
  deploy_step:            { since: 44, schema: bag, initial: {} },
  service_step:           { since: 87, schema: bag, initial: {} },
  inspection_started_at:  { since: 6,  schema: time, initial: null },
  inspection_finished_at: { since: 6,  schema: time, initial: null },
  raid_config:            { since: 12, schema: bag, initial: {} },
  target_raid_config:     { since: 12, schema: bag, initial: {} },
  network_interface:      { since: 20, schema: iface, create: true, patch: true, initial: null },
  resource_class:         { since: 21, schema: z.string().max(80).nullable(), create: true, patch: true, initial: null },
  boot_interface:         { since: 31, schema: iface, create: true, patch: true, initial: null },
  console_interface:      { since: 31, schema: iface, create: true, patch: true, initial: null },
  deploy_interface:       { since: 31, schema: iface, create: true, patch: true, initial: null },
  inspect_interface:      { since: 31, schema: iface, create: true, patch: true, initial: null },
  management_interface:   { since: 31, schema: iface, create: true, patch: true, initial: null },
  power_interface:        { since: 31, schema: iface, create: true, patch: true, initial: null },
  raid_interface:         { since: 31, schema: iface, create: true, patch: true, initial: null },
  vendor_interface:       { since: 31, schema: iface, create: true, patch: true, initial: null },
  storage_interface:      { since: 33, schema: iface, create: true, patch: true, initial: null },
  rescue_interface:       { since: 38, schema: iface, create: true, patch: true, initial: null },
  bios_interface:         { since: 40, schema: iface, create: true, patch: true, initial: null },
  firmware_interface:     { since: 86, schema: iface, create: true, patch: true, initial: null },
  traits:                 { since: 37, schema: z.array(z.string()), initial: [] },
  conductor_group:        { since: 46, schema: z.string().max(255), create: true, patch: true, initial: '' },
  automated_clean:        { since: 47, schema: z.boolean().nullable(), create: true, patch: true, initial: null },
  protected:              { since: 48, schema: z.boolean(), patch: true, initial: false },
  protected_reason:       { since: 48, schema: z.string().max(4096).nullable(), patch: true, initial: null },
  conductor:              { since: 49, schema: text, initial: null },
  owner:                  { since: 50, schema: text, create: true, patch: true, initial: null },
  description:            { since: 51, schema: z.string().max(4096).nullable(), create: true, patch: true, initial: null },
  allocation_uuid:        { since: 52, schema: z.guid().nullable(), initial: null },
  retired:                { since: 61, schema: z.boolean(), create: true, patch: true, initial: false },
  retired_reason:         { since: 61, schema: z.string().max(4096).nullable(), create: true, patch: true, initial: null },
  lessee:                 { since: 65, schema: text, create: true, patch: true, initial: null },
  network_data:           { since: 66, schema: networkData, create: true, patch: true, initial: {} },
  boot_mode:              { since: 75, schema: z.enum(['bios', 'uefi']).nullable(), create: true, initial: null },
  secure_boot:            { since: 75, schema: z.boolean().nullable(), create: true, initial: null },
  shard:                  { since: 82, schema: text, create: true, patch: true, initial: null },
  parent_node:            { since: 83, schema: z.guid().nullable(), create: true, patch: true, initial: null },
  disable_power_off:      { since: 95, schema: z.boolean(), create: true, patch: true, initial: false },
  instance_name:          { since: 104, schema: text, create: true, patch: true, initial: null },
  health:                 { since: 109, schema: text, initial: null },
} as const satisfies Record<string, NodeField>

export type NodeFieldName = keyof typeof nodeFields
/** A node with every visible field. What a request's microversion does not know is left out on the wire. */
export type NodeView = { [K in NodeFieldName]: z.infer<(typeof nodeFields)[K]['schema']> }

/** PUT /v1/nodes/{id}/states/power. `timeout` in seconds. */
export const powerRequest = z.strictObject({ target: z.string(), timeout: z.int().min(1).nullish() })

/** A config drive as data; the conductor builds the ISO (contract 7.3). */
export const configdriveData = z.strictObject({
  meta_data: z.union([bag, z.string()]).nullish(),
  network_data: bag.nullish(),
  user_data: z.union([z.string(), bag, z.array(z.unknown())]).nullish(),
  vendor_data: bag.nullish(),
})
export type ConfigdriveData = z.infer<typeof configdriveData>
export const configdriveInput = z.union([z.string(), configdriveData]).nullish()

/** PUT /v1/nodes/{id}/states/provision (contract 7.3). */
export const provisionRequest = z.strictObject({
  target: z.string(),
  configdrive: configdriveInput,
  clean_steps: z.array(z.unknown()).nullish(),
  deploy_steps: z.array(z.unknown()).nullish(),
  service_steps: z.array(z.unknown()).nullish(),
  rescue_password: z.string().nullish(),
  disable_ramdisk: z.boolean().nullish(),
  runbook: z.string().nullish(),
})
export type ProvisionRequest = z.infer<typeof provisionRequest>

export const bootDeviceRequest = z.strictObject({ boot_device: z.string(), persistent: z.boolean().nullish() })
export const maintenanceRequest = z.strictObject({ reason: z.string().max(4096).nullish() })

/** RFC 6902 with the three operations that Ironic takes (contract 8.4.1). */
export const jsonPatch = z.array(
  z.strictObject({
    op: z.enum(['add', 'replace', 'remove']),
    path: z.string().max(1024),
    value: z.unknown().optional(),
  }),
)
export type JsonPatch = z.infer<typeof jsonPatch>

export const link = z.object({ href: z.string(), rel: z.string() })
