import { createHash } from 'node:crypto'
import type { Cell, Check, Report } from '../scenarios/scenario.ts'

/** Columns as wide as their widest cell, numbers to the right. */
export const formatTable = (columns: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const cells = [columns, ...rows.map((row) => row.map((cell) => `${cell}`))]
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  return [line(columns), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n')
}

/** Everything a run came to, for a terminal. */
export const formatReport = ({ columns, rows, checks, violations, digest }: Report): string => {
  const verdicts = checks.map(({ what, wanted, measured, reached }: Check) => [
    what,
    wanted,
    measured,
    reached ? 'reached' : 'NOT REACHED',
  ])
  const counted = new Map<string, { count: number; what: string }>()
  for (const { invariant, what } of violations) {
    counted.set(invariant, {
      count: (counted.get(invariant)?.count ?? 0) + 1,
      what: counted.get(invariant)?.what ?? what,
    })
  }
  const violated = [...counted].map(([invariant, { count, what }]) => `VIOLATED ${invariant}, ${count} times: ${what}`)
  return [
    formatTable(columns, rows),
    '',
    ...(checks.length === 0 ? [] : [formatTable(['number to reach', 'wanted', 'measured', ''], verdicts), '']),
    violated.length === 0 ? 'invariants: all hold' : violated.join('\n'),
    ...(digest === null ? [] : [`datagrams: ${createHash('sha256').update(digest).digest('hex').slice(0, 16)}`]),
  ].join('\n')
}
