import { createHash } from 'node:crypto'
import { z } from 'zod'
import { version } from '@ferrite/shared/version'
import type { FileRecord } from './image/tree.ts'
import type { Package } from './packages/package.ts'

const packageRecord = z.object({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  file: z.string(),
  sha256: z.string(),
  bytes: z.number(),
})

/** What a manifest must have for a build to repeat it; the rest is for readers. */
export const manifestForm = z.looseObject({
  source_date_epoch: z.number(),
  profile: z.enum(['virtual', 'metal']),
  packages: z.array(packageRecord),
})

export type ManifestFacts = {
  profile: 'virtual' | 'metal'
  epochSeconds: number
  kernelRelease: string
  kernelArgs: string
  node: { version: string; sha256: string }
  level: number
  packages: readonly Package[]
  modules: readonly { name: string; version: string }[]
  missingFirmware: readonly string[]
  files: readonly FileRecord[]
  results: Readonly<Record<string, Buffer>>
}

/** Everything that is in a build, and what it became; equal inputs give equal text. */
export const manifestOf = (facts: ManifestFacts) => ({
  ferrite: version,
  profile: facts.profile,
  source_date_epoch: facts.epochSeconds,
  kernel: facts.kernelRelease,
  kernel_args: facts.kernelArgs,
  node: facts.node,
  compression: { method: 'zstd', level: facts.level, version: process.versions.zstd },
  results: Object.fromEntries(
    Object.entries(facts.results).map(([name, content]) => [name, { bytes: content.length, sha256: sha256(content) }]),
  ),
  packages: facts.packages,
  npm: facts.modules,
  firmware_not_in_debian: facts.missingFirmware,
  files: facts.files,
})

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')
