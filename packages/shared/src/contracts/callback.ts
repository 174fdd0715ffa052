import { z } from 'zod'

/**
 * Lookup and heartbeat: called by the agent, served by any conductor (contract 1.2 to 1.4).
 * `ferrite` is present only when a Ferrite conductor answers: it switches on what a real Ironic would refuse.
 */
export const lookupConfig = z.looseObject({
  heartbeat_timeout: z.number().positive(),
  agent_token: z.string().nullish(),
  agent_token_required: z.boolean().optional(),
  agent_md5_checksum_enable: z.boolean().optional(),
  disable_deep_image_inspection: z.boolean().optional(),
  permitted_image_formats: z.array(z.string()).optional(),
  agent_skip_bmc_detect: z.boolean().optional(),
  enable_bios_bootloader_install: z.boolean().optional(),
  tls_min_version: z.string().nullish(),
  tls_cipher_suites: z.string().nullish(),
  ferrite: z
    .looseObject({
      /** Path on the same origin that takes `progressReport`s, one a second at most. */
      progress_path: z.string().startsWith('/'),
    })
    .optional(),
})
export type LookupConfig = z.infer<typeof lookupConfig>

export const lookupNode = z.looseObject({
  uuid: z.string().min(1),
  properties: z.record(z.string(), z.unknown()).optional(),
  instance_info: z.record(z.string(), z.unknown()).optional(),
  driver_internal_info: z.record(z.string(), z.unknown()).optional(),
})

export const lookupAnswer = z.looseObject({
  node: lookupNode,
  config: lookupConfig.optional(),
  /** Only very old API servers, in place of `config`. */
  heartbeat_timeout: z.number().positive().optional(),
})
export type LookupAnswer = z.infer<typeof lookupAnswer>

/** POST /v1/heartbeat/{node}. Unknown fields are a 400 in Ironic, so nothing may be added here. */
export const heartbeatBody = z.strictObject({
  callback_url: z.string().min(1).max(2048),
  agent_version: z.string().max(255).optional(),
  agent_token: z.string().max(255).optional(),
  agent_verify_ca: z
    .string()
    .max(16 * 1024)
    .optional(),
  agent_status: z.enum(['start', 'end', 'error']).optional(),
  agent_status_message: z.string().max(4096).optional(),
})
export type Heartbeat = z.infer<typeof heartbeatBody>

/** The microversions at which heartbeat fields appeared: a newer field with an older version is a 400. */
export const heartbeatFieldsSince = {
  agent_version: 36,
  agent_token: 62,
  agent_verify_ca: 68,
  agent_status: 72,
  agent_status_message: 72,
} as const

export const progressPhases = ['connect', 'write', 'verify', 'finish', 'done'] as const

/** Where a write stands. Bytes are of the image as it travels (`received`) and as it lies on the disk (`written`). */
export const progress = z.strictObject({
  phase: z.enum(progressPhases),
  bytes_received: z.int().min(0),
  bytes_written: z.int().min(0),
  bytes_verified: z.int().min(0),
  /** Length of the image on the wire, null while unknown. */
  bytes_total: z.int().min(0).nullable(),
  /** Mean of the last seconds, bytes a second. */
  rate: z.number().min(0),
  /** Milliseconds to the end at this rate, null while unknown. */
  eta_ms: z.number().min(0).nullable(),
  elapsed_ms: z.number().min(0),
  /** Connections that were resumed, and bytes received twice because of it. */
  resumes: z.int().min(0),
  bytes_wasted: z.int().min(0),
})
export type Progress = z.infer<typeof progress>

/** POST {progress_path}: between a Ferrite agent and a Ferrite conductor only. Answered 204. */
export const progressReport = z.strictObject({
  node_uuid: z.guid(),
  agent_token: z.string().max(255),
  command_id: z.string().max(64),
  command_name: z.string().max(255),
  progress,
})
export type ProgressReport = z.infer<typeof progressReport>
