import { viewOf } from './big-endian.ts'
import type { Extensions } from './header-extensions.ts'
import { refused } from './refuse.ts'

export type Compression = 'zlib' | 'zstd'

export type Features = {
  compression: Compression
  extendedL2: boolean
  /**
   * The image was not closed. Only its refcounts may be wrong, which a reader has no use for: L1 and L2 tables are kept
   * in order, as with QEMU, which reads such images too.
   */
  dirty: boolean
  /** The directory of dirty bitmaps is where the header says. */
  bitmapsValid: boolean
}

const bit = { dirty: 0, corrupt: 1, externalData: 2, compressionType: 3, extendedL2: 4 }
const known = new Set(Object.values(bit))
const ofVersion2: Features = { compression: 'zlib', extendedL2: false, dirty: false, bitmapsValid: false }

/** Fault image_format_refused for every incompatible feature that is not understood or not allowed. */
export function checkFeatures(view: DataView, headerLength: number, extensions: Extensions): Features {
  if (headerLength === 72) return ofVersion2
  const set = setBits(view, 72)
  const unknown = [...set].filter((number) => !known.has(number))
  if (unknown.length > 0) {
    const names = unknown.map((number) => featureName(extensions.featureNames, number)).join(', ')
    throw refused(`needs features that are not known here: ${names}`, 'convert it with qemu-img convert -O qcow2')
  }
  if (set.has(bit.corrupt)) throw refused('is marked corrupt', 'repair it with qemu-img check -r all')
  const autoclear = setBits(view, 88)
  // Bit 1 is said of external data only.
  if (set.has(bit.externalData) || autoclear.has(1)) throw externalData()
  const order = view.getUint32(96)
  if (order > 6) throw refused(`has refcounts of 2^${order} bits; 64 are the most`)
  return {
    compression: compressionType(headerLength > 104 ? view.getUint8(104) : 0, set.has(bit.compressionType)),
    extendedL2: set.has(bit.extendedL2),
    dirty: set.has(bit.dirty),
    bitmapsValid: autoclear.has(0),
  }
}

export const externalData = () =>
  refused('keeps its data in another file', 'convert it with qemu-img convert -O qcow2 IMAGE NEW')

function compressionType(type: number, announced: boolean): Compression {
  if (announced !== (type !== 0)) throw refused('contradicts itself about the compression of its clusters')
  if (type > 1) {
    throw refused(`has clusters of the unknown compression ${type}`, 'convert it with qemu-img convert -O qcow2')
  }
  return type === 1 ? 'zstd' : 'zlib'
}

function setBits(view: DataView, at: number): Set<number> {
  const words = [view.getUint32(at + 4), view.getUint32(at)]
  const all = Array.from({ length: 64 }, (_, number) => number)
  return new Set(all.filter((number) => (((words[number >> 5] ?? 0) >>> (number & 31)) & 1) === 1))
}

/** The name that the image itself has for a feature, as far as it is printable. */
function featureName(table: Uint8Array, number: number): string {
  const view = viewOf(table)
  for (let at = 0; at + 48 <= table.length; at += 48) {
    if (view.getUint8(at) !== 0 || view.getUint8(at + 1) !== number) continue
    const name = Buffer.from(table.subarray(at + 2, at + 48))
      .toString('latin1')
      .replaceAll(/[^ -~]/g, '')
    return `"${name}" (bit ${number})`
  }
  return `bit ${number}`
}
