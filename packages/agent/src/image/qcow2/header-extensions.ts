import { u64, viewOf } from './big-endian.ts'
import { externalData } from './features.ts'
import type { Region } from './header.ts'
import { maxBitmaps } from './limits.ts'
import { refused } from './refuse.ts'

export type Extensions = { featureNames: Uint8Array; bitmaps?: Region }

const type = {
  end: 0,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
  encryption: 0x0537be77,
  dataFile: 0x44415441,
}

/** Reads what follows the header from `start`; `head` is the first cluster, or what was read of it. */
export function readExtensions(head: Uint8Array, start: number, clusterSize: number): Extensions {
  const view = viewOf(head)
  const found: Extensions = { featureNames: new Uint8Array() }
  for (let at = start; at + 8 <= head.length;) {
    const kind = view.getUint32(at)
    const length = view.getUint32(at + 4)
    if (kind === type.end) return found
    if (length > head.length - at - 8) throw refused('has a header extension that is longer than the header has room')
    const data = head.subarray(at + 8, at + 8 + length)
    if (kind === type.dataFile) throw externalData()
    if (kind === type.encryption) {
      throw refused('is encrypted (LUKS)', 'decrypt it first: qemu-img convert with --object secret,…')
    }
    if (kind === type.featureNames) found.featureNames = data
    if (kind === type.bitmaps) found.bitmaps = bitmapDirectory(data)
    at += 8 + Math.ceil(length / 8) * 8
  }
  if (head.length < clusterSize) throw refused('has more header extensions than any tool makes')
  return found
}

/** Dirty bitmaps are of no use here, but nothing else may be where their directory is. */
function bitmapDirectory(data: Uint8Array): Region {
  if (data.length < 24) throw refused('has a bitmaps extension that is too short')
  const view = viewOf(data)
  const count = view.getUint32(0)
  if (count < 1 || count > maxBitmaps) throw refused(`says that it has ${count} bitmaps`)
  return { what: 'bitmap directory', offset: u64(view, 16), bytes: u64(view, 8) }
}
