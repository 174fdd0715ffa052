import { z } from 'zod'
import { progress } from './callback.ts'

const common = { id: z.int(), at: z.string(), node_uuid: z.string(), node_name: z.string().nullable() }

/** What `/ferrite/v1/events` sends: one JSON document an event, `id` rising, replayable by Last-Event-ID. Progress is never stored. */
export const ferriteEvent = z.discriminatedUnion('type', [
  z.object({ ...common, type: z.literal('node_created') }),
  z.object({ ...common, type: z.literal('node_deleted') }),
  z.object({
    ...common,
    type: z.literal('provision_state'),
    from: z.string(),
    to: z.string(),
    event: z.string(),
    target: z.string().nullable(),
    last_error: z.string().nullable(),
  }),
  z.object({ ...common, type: z.literal('power_state'), from: z.string().nullable(), to: z.string().nullable() }),
  z.object({
    ...common,
    type: z.literal('step'),
    flow: z.string(),
    step: z.string(),
    state: z.enum(['started', 'waiting', 'finished', 'failed']),
    index: z.int(),
    count: z.int(),
    duration_ms: z.number().nullable(),
    error: z.string().nullable(),
  }),
  z.object({
    ...common,
    type: z.literal('agent'),
    what: z.enum(['looked_up', 'first_heartbeat', 'token_contention']),
    agent_version: z.string().nullable(),
  }),
  z.object({
    ...common,
    type: z.literal('boot'),
    /** A sign of a network boot, such as `kernel_sent`. */
    what: z.string(),
    trouble: z.boolean(),
    /** Number of the boot. */
    epoch: z.int(),
    detail: z.string().nullable(),
    bytes: z.int().nullable(),
    total: z.int().nullable(),
  }),
  z.object({ ...common, type: z.literal('progress'), progress }),
])
export type FerriteEvent = z.infer<typeof ferriteEvent>
