import { cut, printable, type Terminal } from './terminal.ts'

/** A column: `rank` above 0 may be dropped when the terminal is narrow (highest first); `shrink` may be cut. */
export type Column<Row> = {
  title: string
  value(row: Row): string
  paint?(text: string, row: Row): string
  rank?: number
  shrink?: boolean
  right?: boolean
}

/** Rows under a heading, two spaces apart; columns without any value are left out. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], terminal: Terminal): string {
  const filled = columns.filter((column) => rows.some((row) => column.value(row) !== ''))
  const shown = fit(
    filled.map((column) => ({ column, cells: rows.map((row) => printable(column.value(row))) })),
    terminal.width,
  )
  const heading = line(shown.map(({ column, width }) => pad(column.title, width, column.right)))
  const body = rows.map((row, index) =>
    line(
      shown.map(({ column, cells, width }) => {
        const text = pad(cut(cells[index] ?? '', width), width, column.right)
        return column.paint ? text.replace(text.trim(), (inner) => column.paint?.(inner, row) ?? inner) : text
      }),
    ),
  )
  return `${[terminal.paint(['bold', 'dim'], heading), ...body].join('\n')}\n`
}

type Sized<Row> = { column: Column<Row>; cells: string[]; width: number }

function fit<Row>(given: { column: Column<Row>; cells: string[] }[], limit: number): Sized<Row>[] {
  const shown = given.map(({ column, cells }) => ({
    column,
    cells,
    width: Math.max(column.title.length, ...cells.map((cell) => cell.length)),
  }))
  const total = () => shown.reduce((sum, { width }) => sum + width, 0) + 2 * (shown.length - 1)
  while (total() > limit) {
    const last = shown.toSorted((a, b) => (b.column.rank ?? 0) - (a.column.rank ?? 0))[0]
    if (!last?.column.rank) break
    shown.splice(shown.indexOf(last), 1)
  }
  while (total() > limit) {
    const widest = shown.filter(({ column }) => column.shrink).toSorted((a, b) => b.width - a.width)[0]
    if (!widest || widest.width <= 8) break
    widest.width -= 1
  }
  return shown
}

const pad = (text: string, width: number, right = false): string => (right ? text.padStart(width) : text.padEnd(width))
const line = (cells: string[]): string => cells.join('  ').trimEnd()
