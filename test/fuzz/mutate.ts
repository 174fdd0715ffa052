/** A reproducible source of chance: the same seed gives the same numbers (mulberry32). */
export type Chance = { below: (limit: number) => number; pick: <T>(from: readonly T[]) => T }

export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  return { below, pick: <T>(from: readonly T[]): T => from[below(from.length)] as T }
}

/** Where in a file mutations bite. */
export type Target = { bytes: Buffer<ArrayBuffer>; hot: readonly { offset: number; length: number; width: number }[] }

const edges = [0n, 1n, 2n, 7n, 255n, 256n, 511n, 512n, 513n, 4095n, 65_535n, 65_536n, 2n ** 31n, 2n ** 32n - 1n]
const high = [2n ** 32n, 2n ** 53n, 2n ** 55n, 2n ** 56n, 2n ** 61n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n]
const values = [...edges, ...high]

/** One to four changes, mostly to whole fields of what is hot; sometimes the file is cut or grows. */
export function mutate({ bytes, hot }: Target, dice: Chance): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes)
  for (let left = 1 + dice.below(4); left > 0; left -= 1) {
    const place = dice.pick(hot)
    const fields = Math.floor(place.length / place.width)
    const at = place.offset + dice.below(fields) * place.width
    if (at + 8 > copy.length) continue
    dice.pick(changes)(copy, at, place, dice)
  }
  if (dice.below(20) > 0) return copy
  if (dice.below(2) > 0) return copy.subarray(0, dice.below(copy.length))
  return Buffer.concat([copy, Buffer.alloc(1 + dice.below(5000), dice.below(256))])
}

type Change = (bytes: Buffer, at: number, place: Target['hot'][number], dice: Chance) => void

const changes: readonly Change[] = [
  (bytes, at, { width }, dice) => {
    const byte = at + dice.below(width)
    if (byte < bytes.length) bytes[byte] = (bytes[byte] ?? 0) ^ (1 << dice.below(8))
  },
  (bytes, at, { width }, dice) => {
    const value = dice.pick(values)
    if (width >= 8) bytes.writeBigUInt64BE(value, at)
    else bytes.writeUIntBE(Number(BigInt.asUintN(width * 8, value)), at, width)
  },
  // A value that makes sense somewhere else.
  (bytes, at, place, dice) => {
    const from = place.offset + dice.below(Math.floor(place.length / place.width)) * place.width
    bytes.copy(bytes, at, from, Math.min(from + place.width, bytes.length))
  },
  // An offset inside of the file, aligned or not.
  (bytes, at, { width }, dice) => {
    const offset = Math.floor(dice.below(bytes.length + 1024) / dice.pick([1, 512, 4096])) * dice.pick([1, 512, 4096])
    const flags = dice.pick([0n, 2n ** 63n, 2n ** 62n, 1n, 2n ** 63n + 1n])
    if (width >= 8) bytes.writeBigUInt64BE(flags + BigInt(offset), at)
    else bytes.writeUIntBE(offset % 2 ** (8 * width), at, width)
  },
  (bytes, at, { width }, dice) => {
    bytes.fill(dice.below(256), at, Math.min(at + width * (1 + dice.below(4)), bytes.length))
  },
]
