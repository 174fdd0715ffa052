import { KiB, MiB } from '@ferrite/shared/units'
import type { QueryTable } from '../query.ts'
import { anyBody, noBody } from '../body.ts'

/** Ironic's limits: 25 levels, 1 MiB, and 64 MiB where a config drive may travel. */
export const depth = 25
export const noQuery = {} as const satisfies QueryTable

/** Parts of a route of the operators' API that reads. */
export const reads = {
  listener: 'operator',
  maxBody: 0,
  depth: 1,
  audit: null,
  query: noQuery,
  body: noBody,
} as const

/** Parts of one that changes something by its path alone. */
export const orders = { listener: 'operator', maxBody: 0, depth: 1, query: noQuery, body: noBody } as const

/** Parts of one that takes a document. */
export const takes = { listener: 'operator', maxBody: MiB, depth, query: noQuery } as const
export const takesAnything = { ...takes, body: anyBody } as const

export const provisionBody = 64 * MiB
export const heartbeatBodyLimit = 64 * KiB
