import type { Row } from './measures.ts'

/** The measurements as a table, with the reference's figures on a machine like this one beside ours. */
export function printTable(rows: readonly Row[], facts: { nodes: number; idleMb: number }): void {
  const heading = ['what', 'per second', 'p50 ms', 'p99 ms', 'CPU ms each', 'RSS MB', 'goal', 'reference']
  const cells = rows.map(({ what, rate, cpuMsEach, rssMb, goal, reference }) => [
    what,
    rate.perSecond.toFixed(rate.perSecond < 100 ? 1 : 0),
    rate.p50Ms.toFixed(1),
    rate.p99Ms.toFixed(1),
    cpuMsEach.toFixed(2),
    String(rssMb),
    goal,
    reference,
  ])
  const widths = heading.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  process.stdout.write(`${[heading, ...cells].map(line).join('\n')}\n\n`)
  const most = Math.max(...rows.map(({ rssMb }) => rssMb))
  process.stdout.write(
    `conductor with ${facts.nodes} nodes: ${facts.idleMb} MB at rest, ${most} MB at most (goal 300 MB, reference 490 MB)\n`,
  )
  for (const { what, rate } of rows) {
    if (rate.failed > 0) process.stdout.write(`${what}: ${rate.failed} refused, first: ${rate.reason}\n`)
  }
}
