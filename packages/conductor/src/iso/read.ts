import { Fault } from '@ferrite/shared/fault'
import { sectorBytes } from './layout.ts'

export type Iso = {
  volumeId: string
  /** Path → bytes of every file. Names as Rock Ridge has them, else Joliet, else in lower case without version. */
  files: Map<string, Uint8Array>
}

const limits = { entries: 10_000, depth: 16 }

/** Reads an ISO 9660 image that is in memory. Fault invalid when it is none, or a broken one. */
export function readIso(bytes: Uint8Array): Iso {
  const { volumeId, places } = placesOf(bytes)
  const files = new Map<string, Uint8Array>()
  for (const [name, { at, bytes: length }] of places) {
    if (at + length > bytes.length) {
      throw new Fault('invalid', `the ISO image ends before byte ${at + length} that it refers to`)
    }
    files.set(name, bytes.subarray(at, at + length))
  }
  return { volumeId, files }
}

export type FilePlace = { at: number; bytes: number }

/** Where the files of an ISO image lie, of which only the beginning with its directories need be in memory. */
export function placesOf(bytes: Uint8Array): { volumeId: string; places: Map<string, FilePlace> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const primary = descriptorOf(bytes, 1)
  if (!primary) throw new Fault('invalid', `these ${bytes.length} bytes are not an ISO 9660 image`)
  const volumeId = Buffer.from(primary.subarray(40, 72)).toString('latin1').trimEnd()
  const names = new Names(bytes, view)
  const root = rootOf(primary)
  const joliet = jolietOf(bytes)
  const places = new Map<string, FilePlace>()
  const style = names.hasRockRidge(root) ? 'rock ridge' : joliet ? 'joliet' : 'plain'
  names.walk(style === 'joliet' && joliet ? rootOf(joliet) : root, '', style, places, 0)
  return { volumeId, places }
}

type Place = { sector: number; bytes: number }
type Style = 'rock ridge' | 'joliet' | 'plain'

function descriptorOf(bytes: Uint8Array, type: number, matches?: (at: Uint8Array) => boolean): Uint8Array | undefined {
  for (let sector = 16; sector < 64; sector += 1) {
    const at = bytes.subarray(sector * sectorBytes, (sector + 1) * sectorBytes)
    if (at.length < sectorBytes || Buffer.from(at.subarray(1, 6)).toString('latin1') !== 'CD001') return undefined
    if (at[0] === type && (matches?.(at) ?? true)) return at
    if (at[0] === 255) return undefined
  }
  return undefined
}

const jolietOf = (bytes: Uint8Array): Uint8Array | undefined =>
  descriptorOf(bytes, 2, (at) => at[88] === 0x25 && at[89] === 0x2f)

const rootOf = (descriptor: Uint8Array): Place => {
  const view = new DataView(descriptor.buffer, descriptor.byteOffset)
  return { sector: view.getUint32(158, true), bytes: view.getUint32(166, true) }
}

class Names {
  #bytes: Uint8Array
  #view: DataView
  #seen = 0

  constructor(bytes: Uint8Array, view: DataView) {
    this.#bytes = bytes
    this.#view = view
  }

  hasRockRidge(root: Place): boolean {
    const [self] = this.#records(root)
    const system = self === undefined ? undefined : this.#system(self)
    return system !== undefined && system[0] === 0x53 && system[1] === 0x50
  }

  walk(directory: Place, prefix: string, style: Style, files: Map<string, FilePlace>, depth: number): void {
    if (depth > limits.depth) throw new Fault('invalid', `the ISO image nests deeper than ${limits.depth} directories`)
    for (const at of this.#records(directory)) {
      this.#seen += 1
      if (this.#seen > limits.entries)
        throw new Fault('invalid', `the ISO image lists more than ${limits.entries} files`)
      const length = this.#byte(at + 32)
      if (length === 1 && this.#byte(at + 33) < 2) continue
      const name = prefix + this.#name(at, style)
      const place = { sector: this.#view.getUint32(at + 2, true), bytes: this.#view.getUint32(at + 10, true) }
      if (this.#byte(at + 25) & 2) this.walk(place, `${name}/`, style, files, depth + 1)
      else files.set(name, { at: place.sector * sectorBytes, bytes: place.bytes })
    }
  }

  /** Offsets of the records of a directory. */
  #records(directory: Place): number[] {
    const start = directory.sector * sectorBytes
    this.#isThere(directory)
    const found: number[] = []
    for (let at = start; at < start + directory.bytes;) {
      const length = this.#byte(at)
      if (length === 0) at = (Math.floor(at / sectorBytes) + 1) * sectorBytes
      else if (length < 34) throw new Fault('invalid', `the ISO image has a broken directory record at byte ${at}`)
      else {
        found.push(at)
        at += length
      }
    }
    return found
  }

  #byte(at: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined) throw new Fault('invalid', `the ISO image ends before byte ${at} that it refers to`)
    return byte
  }

  #isThere(place: Place): void {
    const end = place.sector * sectorBytes + place.bytes
    if (end > this.#bytes.length) throw new Fault('invalid', `the ISO image ends before byte ${end} that it refers to`)
  }

  #system(at: number): Uint8Array {
    const name = this.#byte(at + 32)
    return this.#bytes.subarray(at + 33 + name + ((name + 1) % 2), at + this.#byte(at))
  }

  #name(at: number, style: Style): string {
    const raw = Buffer.from(this.#bytes.subarray(at + 33, at + 33 + this.#byte(at + 32)))
    if (style === 'rock ridge') return rockRidgeName(this.#system(at)) ?? plain(raw)
    if (style === 'plain') return plain(raw)
    return Buffer.from(raw.subarray(0, raw.length & ~1))
      .swap16()
      .toString('utf16le')
      .replace(/;1$/, '')
  }
}

const plain = (raw: Buffer): string => raw.toString('latin1').toLowerCase().replace(/;\d+$/, '').replace(/\.$/, '')

function rockRidgeName(system: Uint8Array): string | undefined {
  const parts: Uint8Array[] = []
  for (let at = 0; at + 4 <= system.length;) {
    const length = system[at + 2] ?? 0
    if (length < 4) break
    if (system[at] === 0x4e && system[at + 1] === 0x4d) parts.push(system.subarray(at + 5, at + length))
    at += length
  }
  return parts.length > 0 ? Buffer.concat(parts).toString('utf8') : undefined
}
