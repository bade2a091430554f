import type { Outcome } from './conversation.ts'
import { KINDS } from './kinds.ts'
import type { Pair } from './matrix.ts'

/** The matrix as a table of Markdown. */

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** How it went, and how long it took: of several tries, how many went so, and the middle of the times. */
const describe = (outcomes: readonly Outcome[]): string => {
  const groups = Map.groupBy(outcomes, ({ path, code }) => (path === 'none' ? `none ${code ?? ''}`.trim() : path))
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, group]) => {
      const share = outcomes.length > 1 ? ` ${group.length}/${outcomes.length}` : ''
      const time = median(group.map(({ seconds }) => seconds)).toFixed(1)
      return `${name}${share}, ${time} s`
    })
    .join('; ')
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

export const matrixTable = (pairs: readonly Pair[]): string => {
  const cells = new Map(pairs.map(({ from, to, outcomes }) => [`${from}:${to}`, describe(outcomes)]))
  const kinds = KINDS.map(({ name }) => name)
  const rows = kinds.filter((from) => pairs.some((pair) => pair.from === from))
  const columns = kinds.filter((to) => pairs.some((pair) => pair.to === to))
  const lines: string[] = []
  if (rows.length > 0)
    lines.push(
      row(['dials ↓, is dialled →', ...columns]),
      row(['---', ...columns.map(() => '---')]),
      ...rows.map((from) => row([from, ...columns.map((to) => cells.get(`${from}:${to}`) ?? '')])),
    )
  const together = { 'lan:lan': 'two hosts behind one NAT', 'subnets:subnets': 'two networks behind one NAT' }
  for (const [pair, title] of Object.entries(together))
    if (cells.has(pair)) lines.push('', `${title}: ${cells.get(pair)}`)
  return lines.join('\n').trim()
}

/** How many pairs that have UDP connected every time. */
export const summary = (pairs: readonly Pair[]): string => {
  const able = pairs.filter(({ from, to }) => from !== 'none' && to !== 'none')
  const every = (paths: readonly string[]) =>
    able.filter(({ outcomes }) => outcomes.every(({ path }) => paths.includes(path))).length
  const slow = able.flatMap(({ outcomes }) => outcomes).filter(({ path, seconds }) => path !== 'none' && seconds > 10)
  return `Of ${able.length} pairs that have UDP ${every(['direct', 'relayed'])} connected in every try, ${every(['direct'])} of them directly; ${slow.length} tries took longer than 10 s.`
}
