import cliProgress from 'cli-progress'
import { fileSize } from '../output/format.ts'

/** One line about the files on their way. */

export type Progress = {
  /** @param from bytes that were there before */
  begin(name: string, from?: number): { update(done: number, size: number): void; end(): void }
}

type Transfer = { readonly name: string; readonly began: number; readonly from: number; done: number; size: number }

const BAR_COLUMNS = 24
/** Milliseconds between two pictures: chunks come faster than eyes read. */
const REDRAW_MS = 50

const BAR = {
  format: '{name} {bar} {percentage}% of {amount}, {eta_formatted} left',
  barsize: BAR_COLUMNS,
  barCompleteString: '='.repeat(BAR_COLUMNS),
  barIncompleteString: '-'.repeat(BAR_COLUMNS),
  barGlue: '>',
  autopaddingChar: '0',
}

/** @param show takes the line, '' when nothing is on its way any more */
export const createProgress = (show: (line: string) => void, clock: () => number = Date.now): Progress => {
  const transfers = new Set<Transfer>()
  let drawn = 0

  const describe = (): string => {
    const all = [...transfers].filter(({ size }) => size > 0)
    const [first] = all
    if (first === undefined) return ''
    const total = all.reduce((sum, { size }) => sum + size, 0)
    const value = all.reduce((sum, { done }) => sum + done, 0)
    const startTime = Math.min(...all.map(({ began }) => began))
    const moved = value - all.reduce((sum, { from }) => sum + from, 0)
    const eta = Math.ceil(((clock() - startTime) * (total - value)) / Math.max(1, moved) / 1000)
    const name = all.length === 1 ? first.name : `${all.length} files`
    const params = { progress: value / total, eta, startTime, stopTime: null, total, value, maxWidth: 0 }
    return cliProgress.Format.Formatter(BAR, params, { name, amount: fileSize(total) })
  }

  const draw = (force: boolean): void => {
    if (!force && clock() - drawn < REDRAW_MS) return
    drawn = clock()
    show(describe())
  }

  return {
    begin: (name, from = 0) => {
      const transfer: Transfer = { name, from, began: clock(), done: 0, size: 0 }
      transfers.add(transfer)
      return {
        update: (done, size) => {
          const news = transfer.size === 0
          Object.assign(transfer, { done, size })
          draw(news)
        },
        end: () => {
          transfers.delete(transfer)
          draw(true)
        },
      }
    },
  }
}
