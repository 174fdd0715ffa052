import { z } from 'zod'

/** Interfaces that steps belong to, highest rank first: the order in which equal priorities run (contract 6.2). */
export const stepInterfaces = ['vendor', 'power', 'management', 'firmware', 'deploy', 'bios', 'raid'] as const
export const stepInterface = z.enum(stepInterfaces)
export type StepInterface = z.infer<typeof stepInterface>

/** A step as an agent offers it in `get_*_steps` (contract 3.1). */
export const offeredStep = z.looseObject({
  step: z.string(),
  priority: z.int().min(0),
  interface: stepInterface,
  reboot_requested: z.boolean().optional(),
  abortable: z.boolean().optional(),
  requires_ramdisk: z.boolean().optional(),
  argsinfo: z.record(z.string(), z.unknown()).nullish(),
})
export type OfferedStep = z.infer<typeof offeredStep>

/** A step as it is told to an agent, and as the agent echoes it. Only `step` is required by IPA. */
export const sentStep = z.looseObject({
  step: z.string(),
  interface: stepInterface.optional(),
  args: z.record(z.string(), z.unknown()).nullish(),
})
export type SentStep = z.infer<typeof sentStep>

/** Same step? Interface and name decide; arguments do not (contract 6.4). */
export const isSameStep = (
  a: { interface?: string | undefined; step: string } | null | undefined,
  b: { interface?: string | undefined; step: string } | null | undefined,
): boolean => !!a && !!b && a.step === b.step && a.interface === b.interface
