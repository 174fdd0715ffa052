import { z } from 'zod'
import { imageInfo } from './images.ts'
import { inventory } from './inventory.ts'
import { lookupAnswer } from './callback.ts'
import { offeredStep, sentStep } from './steps.ts'

/** The node and ports as a conductor sends them: its whole records, secrets masked (contract 3.4). */
export const sentNode = z.looseObject({
  uuid: z.string(),
  properties: z.record(z.string(), z.unknown()).nullish(),
  instance_info: z.record(z.string(), z.unknown()).nullish(),
  driver_info: z.record(z.string(), z.unknown()).nullish(),
  driver_internal_info: z.record(z.string(), z.unknown()).nullish(),
})
export type SentNode = z.infer<typeof sentNode>
export const sentPort = z.looseObject({ address: z.string().nullish() })

const nodeAndPorts = { node: sentNode, ports: z.array(sentPort) }
const versions = z.record(z.string(), z.string())
const nothing = z.strictObject({})
const written = z.looseObject({ result: z.string() })

/** Partition UUIDs of the image written last. The keys contain spaces (contract 3). */
export const partitionUuids = z.looseObject({
  'root uuid': z.string().nullish(),
  'efi system partition uuid': z.string().nullish(),
  'PReP Boot partition uuid': z.string().nullish(),
  partitions: z.record(z.string(), z.string()).optional(),
})
export type PartitionUuids = z.infer<typeof partitionUuids>

type CommandSpec = { mode: 'sync' | 'async'; params: z.ZodType; result: z.ZodType }

/** What a conductor may ask of an agent, by full name. Both ends are typed by this table (contract 3). */
export const agentCommands = {
  'standby.prepare_image': {
    mode: 'async',
    params: z.strictObject({ image_info: imageInfo, configdrive: z.string().nullish() }),
    result: written,
  },
  'standby.sync': { mode: 'sync', params: nothing, result: z.null() },
  'standby.power_off': { mode: 'async', params: nothing, result: z.unknown() },
  'standby.run_image': { mode: 'async', params: nothing, result: z.unknown() },
  'standby.get_partition_uuids': { mode: 'sync', params: nothing, result: partitionUuids },
  'deploy.get_deploy_steps': {
    mode: 'sync',
    params: z.strictObject(nodeAndPorts),
    result: z.looseObject({
      deploy_steps: z.record(z.string(), z.array(offeredStep)),
      hardware_manager_version: versions,
    }),
  },
  'deploy.execute_deploy_step': {
    mode: 'async',
    params: z.strictObject({ step: sentStep, ...nodeAndPorts, deploy_version: versions.nullish() }),
    result: z.looseObject({ deploy_result: z.unknown(), deploy_step: sentStep }),
  },
  'clean.get_clean_steps': {
    mode: 'sync',
    params: z.strictObject(nodeAndPorts),
    result: z.looseObject({
      clean_steps: z.record(z.string(), z.array(offeredStep)),
      hardware_manager_version: versions,
    }),
  },
  'clean.execute_clean_step': {
    mode: 'async',
    params: z.looseObject({ step: sentStep, ...nodeAndPorts, clean_version: versions.nullish() }),
    result: z.looseObject({ clean_result: z.unknown(), clean_step: sentStep }),
  },
  'service.get_service_steps': {
    mode: 'sync',
    params: z.strictObject(nodeAndPorts),
    result: z.looseObject({
      service_steps: z.record(z.string(), z.array(offeredStep)),
      hardware_manager_version: versions,
    }),
  },
  'service.execute_service_step': {
    mode: 'async',
    params: z.looseObject({ step: sentStep, ...nodeAndPorts, service_version: versions.nullish() }),
    result: z.looseObject({ service_result: z.unknown(), service_step: sentStep }),
  },
  'rescue.finalize_rescue': {
    mode: 'sync',
    params: z.strictObject({ rescue_password: z.string().min(1), hashed: z.boolean().default(false) }),
    result: z.null(),
  },
  'image.install_bootloader': {
    mode: 'async',
    params: z.strictObject({
      root_uuid: z.string().nullish(),
      efi_system_part_uuid: z.string().nullish(),
      prep_boot_part_uuid: z.string().nullish(),
      target_boot_mode: z.string().default('bios'),
      ignore_bootloader_failure: z.boolean().nullish(),
    }),
    result: z.null(),
  },
  'log.collect_system_logs': { mode: 'sync', params: nothing, result: z.looseObject({ system_logs: z.string() }) },
  'poll.get_hardware_info': { mode: 'sync', params: nothing, result: inventory },
  'poll.set_node_info': { mode: 'sync', params: z.strictObject({ node_info: lookupAnswer }), result: z.null() },
  'flow.start_flow': {
    mode: 'async',
    params: z.strictObject({ flow: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))) }),
    result: z.unknown(),
  },
  'system.lockdown': { mode: 'sync', params: nothing, result: z.null() },
} as const satisfies Record<string, CommandSpec>

export type AgentCommandName = keyof typeof agentCommands
export type ParamsOf<C extends AgentCommandName> = z.infer<(typeof agentCommands)[C]['params']>
/** What a caller writes: before defaults are filled in. */
export type ParamsInputOf<C extends AgentCommandName> = z.input<(typeof agentCommands)[C]['params']>
export type ResultOf<C extends AgentCommandName> = z.infer<(typeof agentCommands)[C]['result']>
