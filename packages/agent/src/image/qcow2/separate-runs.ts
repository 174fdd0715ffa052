import { ascendingOrder } from './ascending-order.ts'
import { hex, refused } from './refuse.ts'
import { mayShare, RunList } from './run-list.ts'

/**
 * The runs in the order of the file, none of which has bytes of another. The one exception that the format makes: a
 * compressed cluster may begin in the last sector of the one before. Fault image_format_refused.
 */
export function separateRuns(runs: RunList, maxBytes: number): RunList {
  sort(runs)
  if (apart(runs)) return runs
  // Clusters of other runs lie between those of one run: legal, and rare.
  const singles = new RunList(runs.clusterSize, maxBytes)
  for (let index = 0; index < runs.count; index += 1) copyRun(runs, index, singles)
  sort(singles)
  if (!apart(singles)) throw overlap(singles, 0)
  return singles
}

function sort(runs: RunList): void {
  runs.reorder(ascendingOrder(runs.host, runs.count))
}

function copyRun(from: RunList, index: number, to: RunList): void {
  const kind = from.kindOf(index)
  const [host, guest, size] = [from.host[index] ?? 0, from.guest[index] ?? 0, from.size[index] ?? 0]
  if (kind === 'compressed') from.eachCluster(index, (at, place, bytes) => to.addSingle(at, place, bytes))
  else if (kind === 'data') to.addData(host, guest, size)
  else to.addRegion(kind, host, size)
}

/** False when a run begins inside a run of several compressed clusters, so that only its parts can be compared. */
function apart(runs: RunList): boolean {
  let end = 0
  let compressed = false
  /** The last cluster of the run before, if that is compressed. */
  const before = { host: 0, end: 0 }
  for (let index = 0; index < runs.count; index += 1) {
    const host = runs.host[index] ?? 0
    const wasCompressed = compressed
    compressed = runs.kindOf(index) === 'compressed'
    if (host < end) {
      if (!wasCompressed || !compressed) throw overlap(runs, index)
      if (!mayShare(before, host)) {
        if ((runs.size[index - 1] ?? 0) > 1 && host > (runs.host[index - 1] ?? 0)) return false
        throw overlap(runs, index)
      }
    }
    if (compressed) lastCluster(runs, index, before)
    else before.end = host + (runs.size[index] ?? 0)
    end = Math.max(end, before.end)
  }
  return true
}

function lastCluster(runs: RunList, index: number, into: { host: number; end: number }): void {
  runs.eachCluster(index, (host, _guest, bytes) => {
    into.host = host
    into.end = host + bytes
  })
}

const names = { data: 'data', compressed: 'compressed data', metadata: 'a table', reserved: 'a table' } as const

function overlap(runs: RunList, index: number): Error {
  const place = hex(runs.host[index] ?? 0)
  const kinds = [names[runs.kindOf(Math.max(0, index - 1))], names[runs.kindOf(index)]]
  return refused(`uses the same bytes at ${place} of the file for ${kinds[0]} and for ${kinds[1]}`)
}
