import { contestants } from './contestants.ts'
import type { Measured } from './measure.ts'

export type Outcome = {
  machine: { cpus: number; model: string; node: string; server: string }
  bytes: number
  target: string
  results: ReadonlyMap<string, readonly Measured[]>
}

type Row = { name: string; what: string; mibPerSecond: number; cpuSeconds: number; peakMib: number; seconds: number[] }

const MiB = 1024 * 1024

/** Medians as a table, or everything as JSON. */
export function report({ machine, bytes, target, results }: Outcome, json: boolean): string {
  const rows = contestants.flatMap(({ name, what }): Row[] => {
    const runs = results.get(name)
    if (!runs || runs.length === 0) return []
    const seconds = runs.map((run) => run.seconds)
    return [
      {
        name,
        what,
        mibPerSecond: bytes / MiB / median(seconds),
        cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
        peakMib: Math.max(...runs.map((run) => run.peakBytes)) / MiB,
        seconds,
      },
    ]
  })
  const ratios = ratiosOf(rows)
  if (json) return `${JSON.stringify({ bench: 'image-write', machine, bytes, target, rows, ratios }, undefined, 2)}\n`
  const lines = rows.map(
    (row) =>
      `${row.name.padEnd(20)}${row.mibPerSecond.toFixed(0).padStart(8)}${row.cpuSeconds.toFixed(2).padStart(9)}${row.peakMib.toFixed(0).padStart(9)}  ${row.what}`,
  )
  const facts = Object.entries(ratios).map(([name, value]) => `${name.padEnd(46)}${value?.toFixed(2) ?? '-'}`)
  return [
    `image-write: ${bytes / MiB} MiB, target ${target}, ${machine.cpus} x ${machine.model}, ${machine.server}, ${machine.node}`,
    '',
    `${'way'.padEnd(20)}${'MiB/s'.padStart(8)}${'CPU s'.padStart(9)}${'MiB RSS'.padStart(9)}`,
    ...lines,
    '',
    ...facts,
    '',
  ].join('\n')
}

function ratiosOf(rows: readonly Row[]): Record<string, number | undefined> {
  const of = (name: string) => rows.find((row) => row.name === name)
  const ours = of('ferrite')
  const speed = (one: string, other: string) => share(of(one)?.mibPerSecond, of(other)?.mibPerSecond)
  const stages = ['receive', 'hash', 'write'].map((name) => of(name)?.mibPerSecond ?? Infinity)
  const slowest = Math.min(...stages)
  return {
    'speed, ours : IPA-like loop': share(ours?.mibPerSecond, of('ipa-like')?.mibPerSecond),
    'speed, ours : curl|tee|dd': share(ours?.mibPerSecond, of('shell-direct')?.mibPerSecond),
    'speed, slowest stage alone : ours': Number.isFinite(slowest) ? share(slowest, ours?.mibPerSecond) : undefined,
    'time, read-back on : off': share(ours?.mibPerSecond, of('ferrite-verify')?.mibPerSecond),
    'CPU, ours : openssl dgst': share(ours?.cpuSeconds, of('hash')?.cpuSeconds),
    'speed, zstd, ours : curl|zstd|dd': speed('ferrite-zstd', 'shell-zstd'),
    'speed, gzip, ours : curl|gzip|dd': speed('ferrite-gzip', 'shell-gzip'),
    'speed, qcow2, ours : download + convert': speed('ferrite-qcow2', 'convert-qcow2'),
    'speed, zlib qcow2, ours : download + convert': speed('ferrite-qcow2-zlib', 'convert-qcow2-zlib'),
    'speed, delta of 5 % : whole, read-back on': speed('ferrite-delta', 'ferrite-verify'),
  }
}

const share = (a: number | undefined, b: number | undefined): number | undefined => (a && b ? a / b : undefined)

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
