import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { formatBytes } from '@ferrite/shared/units'
import { slabBytes } from '../slab-pool.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const size = z.int().min(1)
export const minChunkBytes = 64 * 1024

/** A part of the disk: where it is in the source file and what its bytes hash to, or zeros. */
const chunk = z.union([
  z.object({ i: z.int().min(0), zero: z.literal(true) }),
  z.object({ i: z.int().min(0), sha256, off: z.int().min(0), len: size }),
])
export type Chunk = z.infer<typeof chunk>

/** The JSON beside an image that tells what its parts hash to, so that each can be fetched and verified on its own. */
export const chunkMap = z.object({
  v: z.literal(1),
  raw: z.object({ size, sha256, sectorSize: z.int().min(512).max(4096) }),
  source: z.object({ format: z.literal('raw', { error: 'only maps of raw images are supported' }), size, sha256 }),
  chunkSize: z.int().min(minChunkBytes).max(slabBytes).multipleOf(4096),
  chunks: z.array(chunk),
})
export type ChunkMap = z.infer<typeof chunkMap>

export const chunkBytes = ({ raw, chunkSize }: Pick<ChunkMap, 'raw' | 'chunkSize'>, index: number): number =>
  Math.min(chunkSize, raw.size - index * chunkSize)

/** Fault image_refused when it is no chunk map, or one that contradicts itself. */
export function parseChunkMap(text: string): ChunkMap {
  const parsed = chunkMap.safeParse(jsonOf(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refused(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`)
  }
  const map = parsed.data
  const count = Math.ceil(map.raw.size / map.chunkSize)
  if (map.chunks.length !== count) throw refused(`it has ${map.chunks.length} chunks instead of ${count}`)
  if (map.source.size !== map.raw.size) throw refused('a raw image and its source differ in size')
  for (const [index, one] of map.chunks.entries()) {
    if (one.i !== index) throw refused(`chunk ${index} says that it is chunk ${one.i}`)
    if (!('zero' in one) && (one.off + one.len > map.source.size || one.len !== chunkBytes(map, index))) {
      throw refused(`chunk ${index} of ${formatBytes(one.len)} at ${one.off} is not where it can be`)
    }
  }
  return map
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('image_refused', 'the chunk map is no JSON', { cause })
  }
}

const refused = (why: string): Fault => new Fault('image_refused', `the chunk map is wrong: ${why}`)
