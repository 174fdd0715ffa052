/**
 * The indexes of the first `count` keys in ascending order of the keys. A merge sort of the ascending stretches that are
 * there already: linear for images written in order, which nearly all are, and without a callback for each comparison.
 */
export function ascendingOrder(keys: Float64Array, count: number): Uint32Array {
  let from = new Uint32Array(count)
  for (let index = 0; index < count; index += 1) from[index] = index
  let to: Uint32Array<ArrayBuffer> | undefined
  while (endOfStretch(keys, from, 0) < count) {
    to ??= new Uint32Array(count)
    mergePairs(keys, from, to)
    ;[from, to] = [to, from]
  }
  return from
}

function mergePairs(keys: Float64Array, from: Uint32Array, to: Uint32Array): void {
  for (let start = 0; start < from.length;) {
    const middle = endOfStretch(keys, from, start)
    const end = middle < from.length ? endOfStretch(keys, from, middle) : middle
    merge(keys, from, to, { start, middle, end })
    start = end
  }
}

function merge(
  keys: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  { start, middle, end }: { start: number; middle: number; end: number },
): void {
  let left = start
  let right = middle
  for (let at = start; at < end; at += 1) {
    const takeLeft = right >= end || (left < middle && (keys[from[left] ?? 0] ?? 0) <= (keys[from[right] ?? 0] ?? 0))
    to[at] = (takeLeft ? from[left++] : from[right++]) ?? 0
  }
}

/** The first place after `start` at which the keys do not ascend any more. */
function endOfStretch(keys: Float64Array, order: Uint32Array, start: number): number {
  let at = start + 1
  while (at < order.length && (keys[order[at - 1] ?? 0] ?? 0) <= (keys[order[at] ?? 0] ?? 0)) at += 1
  return at
}
