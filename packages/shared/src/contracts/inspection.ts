import { z } from 'zod'

const bag = z.record(z.string(), z.unknown())

/** POST /v1/continue_inspection: what a ramdisk found. Everything beside the inventory is kept as it comes. */
export const inspectionData = z.looseObject({
  inventory: z.looseObject({
    interfaces: z.array(z.looseObject({ mac_address: z.string() })).min(1),
    bmc_address: z.string().nullish(),
    bmc_v6address: z.string().nullish(),
    boot: bag.nullish(),
    cpu: bag.nullish(),
    disks: z.array(bag).nullish(),
    memory: bag.nullish(),
  }),
})
export type InspectionData = z.infer<typeof inspectionData>

/** The answer: the node's uuid to those who speak like the old inspector, else what a lookup says. */
export const inspectionAnswer = z.looseObject({
  uuid: z.string().optional(),
  node: z.looseObject({ uuid: z.string() }).optional(),
})
