import { rotate as rotateKeys } from '../../identity/replace-keys.ts'
import type { Context } from '../context.ts'
import type { PhraseOptions } from '../terminal/phrase.ts'
import { turnKeys } from './rotation.ts'
import { keepRootOn } from './token.ts'
import type { TokenFlags } from './token-options.ts'

/** `handfast rotate`: replaces all keys of the data folder's identity; the address stays. */
export const rotate = async (context: Context, options: PhraseOptions & TokenFlags): Promise<number> => {
  const keepRoot = keepRootOn(context, options)
  return turnKeys(context, options, (rest) => rotateKeys({ ...rest, keepRoot }))
}
