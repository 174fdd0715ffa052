/** Shorter runs of zeros are written like anything else. */
const shortestRun = 512 * 1024
const granule = 64 * 1024
const blank = new Uint8Array(granule)

export const isBlank = (bytes: Uint8Array): boolean => {
  for (let at = 0; at < bytes.length; at += granule) {
    const part = bytes.subarray(at, at + granule)
    if (Buffer.compare(part, part.length === granule ? blank : blank.subarray(0, part.length)) !== 0) return false
  }
  return true
}

/**
 * Calls back for each part of `bytes`, in order: data, or a run of zeros that is long enough to be treated as one. Data
 * is found out by its first bytes mostly, so that this costs next to nothing where there are no zeros.
 */
export function splitZeros(bytes: Uint8Array, each: (start: number, end: number, isZero: boolean) => void): void {
  let dataFrom = 0
  let zeroFrom = -1
  const endRun = (end: number) => {
    if (zeroFrom >= 0 && end - zeroFrom >= shortestRun) {
      if (zeroFrom > dataFrom) each(dataFrom, zeroFrom, false)
      each(zeroFrom, end, true)
      dataFrom = end
    }
    zeroFrom = -1
  }
  for (let at = 0; at < bytes.length; at += granule) {
    if (!isBlank(bytes.subarray(at, at + granule))) endRun(at)
    else if (zeroFrom < 0) zeroFrom = at
  }
  endRun(bytes.length)
  if (dataFrom < bytes.length) each(dataFrom, bytes.length, false)
}
