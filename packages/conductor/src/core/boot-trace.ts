import { z } from 'zod'

/** What can be seen of a network boot, in the order in which it happens. */
export const bootSigns = [
  'power_on',
  'dhcp_request',
  'dhcp_answer',
  'loader_sent',
  'script_sent',
  'kernel_started',
  'kernel_sent',
  'ramdisk_started',
  'ramdisk_sent',
  'ramdisk_dhcp',
  'agent_hello',
  'agent_ready',
] as const
export type BootSign = (typeof bootSigns)[number]

/** What went wrong on the way, as far as this side can see it; the machine may still try again. */
export const bootTroubles = [
  'dhcp_unanswered',
  'wrong_interface',
  'unknown_architecture',
  'loader_missing',
  'loader_cut',
  'script_missing',
  'kernel_missing',
  'kernel_cut',
  'ramdisk_missing',
  'ramdisk_cut',
  'gave_up',
  'hello_refused',
] as const
export type BootTrouble = (typeof bootTroubles)[number]

const sign = z.object({
  what: z.enum([...bootSigns, ...bootTroubles]),
  /** First and last time it was seen, ISO. */
  at: z.string(),
  last_at: z.string(),
  count: z.int(),
  detail: z.string().nullable(),
  bytes: z.int().nullable(),
  total: z.int().nullable(),
})

/** One boot that we commanded: what was seen of it, in the order of its first sight. */
export const bootTrace = z.object({ epoch: z.int(), started_at: z.string(), signs: z.array(sign) })
export type BootTrace = z.infer<typeof bootTrace>
export type SeenSign = BootTrace['signs'][number]

export type Seen = {
  what: BootSign | BootTrouble
  detail?: string | null
  bytes?: number | null
  total?: number | null
}

const keptBoots = 4
const mostSigns = 40

/** A new boot begins; of older ones a few are kept. */
export const withBoot = (boots: readonly BootTrace[] = [], epoch: number, at: string): BootTrace[] => [
  ...boots.filter((boot) => boot.epoch !== epoch).slice(-(keptBoots - 1)),
  { epoch, started_at: at, signs: [] },
]

/** A sign of the newest boot, counted when it was seen before. Unchanged when no boot was commanded. */
export function withSign(boots: readonly BootTrace[] = [], seen: Seen, at: string): BootTrace[] {
  const current = boots.at(-1)
  if (!current) return [...boots]
  const before = current.signs.find((one) => one.what === seen.what)
  const now: SeenSign = {
    what: seen.what,
    at: before?.at ?? at,
    last_at: at,
    count: (before?.count ?? 0) + 1,
    detail: before?.detail ?? seen.detail?.slice(0, 300) ?? null,
    bytes: seen.bytes ?? before?.bytes ?? null,
    total: seen.total ?? before?.total ?? null,
  }
  const signs = before ? current.signs.map((one) => (one === before ? now : one)) : [...current.signs, now]
  return [...boots.slice(0, -1), { ...current, signs: signs.slice(0, mostSigns) }]
}

export const isTrouble = (what: string): what is BootTrouble => bootTroubles.some((one) => one === what)

/** The furthest sign of a boot, in the order of booting. */
export function furthest(boot: BootTrace | undefined): SeenSign | undefined {
  const seen = new Map(boot?.signs.map((one) => [one.what, one]))
  return bootSigns.map((what) => seen.get(what)).findLast((one) => one !== undefined)
}
