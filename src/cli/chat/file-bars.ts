import type { FileTransfer } from '../../files/file-api.ts'
import type { Progress } from '../terminal/progress.ts'

/** How far files have got, below everything else. */
export type FileBars = {
  /** A bar for one that moves; none for one that does not. */
  show(transfer: FileTransfer): void
  end(): void
}

export const createFileBars = (progress: Progress): FileBars => {
  const bars = new Map<number, ReturnType<Progress['begin']>>()
  return {
    show: ({ id, name, size, done, state }) => {
      const bar = bars.get(id)
      if (state === 'sending' || state === 'receiving') {
        const shown = bar ?? progress.begin(name, done)
        bars.set(id, shown)
        shown.update(done, size)
      } else {
        bar?.end()
        bars.delete(id)
      }
    },
    end: () => {
      for (const bar of bars.values()) bar.end()
      bars.clear()
    },
  }
}
