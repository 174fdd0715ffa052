import { formatBytes, formatDuration, MiB } from '@ferrite/shared/units'
import type { Node } from '@ferrite/cli/client'
import type { Terminal } from '@ferrite/cli/terminal'
import type { Comparison } from './compare.ts'
import type { ChosenImage } from './image-source.ts'
import type { Picture } from './picture.ts'

/** What the demo showed, as data. */
export type Summary = {
  ok: true
  machine: string
  /** What the machine is made of. */
  machines_as: 'vm' | 'process'
  provision_state: string
  power_state: string | null
  network: string
  /** What the machine's firmware found on the disk after the deploy. */
  booted_from: string
  image: { kind: string; description: string; url: string; bytes: number; sha256: string }
  compared: {
    bytes: number
    /** Partition tables, which a deploy changes: read and checked. */
    table_bytes: number
    partitions: string[]
    config_drive_bytes: number | null
  }
  /** From the agent's first byte to the end of its read-back. */
  write: { ms: number; mib_per_second: number }
  stages_ms: Record<string, number>
  total_ms: number
  /** Kept by --keep, else null. */
  kept: string | null
}

/** How long the write step took, by the steps of the story. */
export function writeMs(picture: Picture): number {
  const step = picture.story?.steps.findLast(({ name }) => name.endsWith('write_image'))
  return step?.durationMs ?? 0
}

export const mibPerSecond = (bytes: number, ms: number): number =>
  ms > 0 ? Math.round((bytes / MiB / (ms / 1000)) * 10) / 10 : 0

type Outcome = { node: Node; image: ChosenImage; url: string; comparison: Comparison }

/** The summary, without what only the lab knows. */
export function summaryOf(
  picture: Picture,
  { node, image, url, comparison }: Outcome,
): Omit<Summary, 'machines_as' | 'network' | 'booted_from' | 'kept'> {
  const ms = writeMs(picture)
  const { imageBytes: bytes, sha256, comparedBytes, tableBytes: table_bytes, partitions, configDrive } = comparison
  return {
    ok: true,
    machine: node.name ?? node.uuid,
    provision_state: node.provision_state,
    power_state: node.power_state ?? null,
    image: { kind: image.kind, description: image.description, url, bytes, sha256 },
    compared: { bytes: comparedBytes, table_bytes, partitions, config_drive_bytes: configDrive?.bytes ?? null },
    write: { ms, mib_per_second: mibPerSecond(bytes, ms) },
    stages_ms: Object.fromEntries(picture.stages.map(({ name, durationMs }) => [name, durationMs ?? 0])),
    total_ms: Date.now() - picture.startedAt,
  }
}

/** The summary for people. */
export function summaryText(summary: Summary, terminal: Terminal): string {
  const { image, compared, write } = summary
  const line = (label: string, value: string) => `  ${terminal.paint('dim', label.padEnd(11))}${value}\n`
  const table = compared.table_bytes ? `, ${formatBytes(compared.table_bytes)} of partition tables checked` : ''
  const drive = compared.config_drive_bytes ? `, config drive of ${formatBytes(compared.config_drive_bytes)}` : ''
  return [
    `  ${terminal.paint(['bold', 'green'], `${summary.machine} is ${summary.provision_state}`)}\n\n`,
    line('image', image.description),
    line(
      'written',
      `${formatBytes(image.bytes)} in ${formatDuration(write.ms)}, read back: ${write.mib_per_second} MiB/s`,
    ),
    line('sha256', image.sha256),
    line('identical', `${compared.bytes.toLocaleString('en')} bytes compared${table}`),
    line('partitions', `${compared.partitions.join(', ') || 'none'}${drive}`),
    line(
      'then',
      `${summary.power_state ?? ''}, network ${summary.network}, started from its disk (${summary.booted_from})`,
    ),
    line('time', `${formatDuration(summary.total_ms)}; everything is stopped and cleaned up`),
    summary.kept ? line('kept', summary.kept) : '',
  ].join('')
}
