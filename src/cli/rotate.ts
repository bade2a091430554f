import { rotate as rotateKeys } from '../peer/recovery.ts'
import type { Context } from './context.ts'
import type { PhraseOptions } from './phrase.ts'
import { turnKeys } from './rotation.ts'

/** `handfast rotate`: replaces all keys of the data folder's identity; the address stays. */
export const rotate = (context: Context, options: PhraseOptions): Promise<number> =>
  turnKeys(context, options, rotateKeys)
