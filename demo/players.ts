/** Alice, Bob and Mallory, each a process of their own. Types only: the processes start while this one still loads its code. */

import type { Alice, Progress } from './alice.ts'
import type { Bob } from './bob.ts'
import type { Cast, Player } from './cast.ts'
import type { Mallory } from './mallory.ts'

export type Players = {
  readonly alice: Player<Alice>
  readonly bob: Player<Bob>
  readonly mallory: Player<Mallory>
  /** Whom Alice's progress is told to from now on. */
  onProgress(listener: (progress: Progress) => void): void
  /** One more process for Alice: it knows nothing yet. */
  nextAlice(): Player<Alice>
}

export const startPlayers = (cast: Cast): Players => {
  let listen: (progress: Progress) => void = () => undefined
  const startAlice = (): Player<Alice> =>
    cast.start<Alice>('alice.ts', (notice) => {
      if (isProgress(notice)) listen(notice)
    })
  return {
    alice: startAlice(),
    bob: cast.start<Bob>('bob.ts'),
    mallory: cast.start<Mallory>('mallory.ts'),
    onProgress: (listener) => {
      listen = listener
    },
    nextAlice: startAlice,
  }
}

const isProgress = (notice: unknown): notice is Progress =>
  typeof notice === 'object' && notice !== null && 'done' in notice && 'size' in notice
