import { z } from 'zod'
import { inWords } from '../in-words.ts'

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/
/** A MAC address, normalised to lower case with colons. */
export const mac = z
  .string()
  .transform((text) => text.trim().toLowerCase().replaceAll('-', ':'))
  .refine((text) => macPattern.test(text), {
    error: (issue) => `Expected a MAC address but received ${inWords(issue.input)}.`,
  })

export const localLinkConnection = z.looseObject({
  port_id: z.string().optional(),
  switch_id: z.string().optional(),
  switch_info: z.string().optional(),
  hostname: z.string().optional(),
  network_type: z.enum(['managed', 'unmanaged']).optional(),
})

/** One row a field of a port: type, microversion, and whether clients may write it (contract 8.5). */
type PortField = { since: number; schema: z.ZodType; create?: true; patch?: true; initial: unknown }
// oxfmt-ignore
export const portFields = {
  uuid:                  { since: 1,  schema: z.guid(), create: true, initial: null },
  address:               { since: 1,  schema: mac, create: true, patch: true, initial: null },
  node_uuid:             { since: 1,  schema: z.guid(), create: true, patch: true, initial: null },
  extra:                 { since: 1,  schema: z.record(z.string(), z.unknown()), create: true, patch: true, initial: {} },
  created_at:            { since: 1,  schema: z.string().nullable(), initial: null },
  updated_at:            { since: 1,  schema: z.string().nullable(), initial: null },
  internal_info:         { since: 18, schema: z.record(z.string(), z.unknown()), initial: {} },
  local_link_connection: { since: 19, schema: localLinkConnection, create: true, patch: true, initial: {} },
  pxe_enabled:           { since: 19, schema: z.boolean(), create: true, patch: true, initial: true },
  portgroup_uuid:        { since: 24, schema: z.guid().nullable(), create: true, patch: true, initial: null },
  physical_network:      { since: 34, schema: z.string().max(64).nullable(), create: true, patch: true, initial: null },
  is_smartnic:           { since: 53, schema: z.boolean(), create: true, patch: true, initial: false },
  name:                  { since: 88, schema: z.string().max(255).nullable(), create: true, patch: true, initial: null },
  description:           { since: 97, schema: z.string().max(4096).nullable(), create: true, patch: true, initial: null },
  vendor:                { since: 100, schema: z.string().max(32).nullable(), create: true, patch: true, initial: null },
  category:              { since: 101, schema: z.string().max(80).nullable(), create: true, patch: true, initial: null },
  available_for_dynamic_portgroup: { since: 111, schema: z.boolean(), create: true, patch: true, initial: true },
} as const satisfies Record<string, PortField>

export type PortFieldName = keyof typeof portFields
/** A port as it is stored and shown; fields newer than a request's microversion are left out on the wire. */
export type PortRecord = { [K in PortFieldName]: z.infer<(typeof portFields)[K]['schema']> }
