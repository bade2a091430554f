import { initialize } from '../peer/open.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'

/** `handfast init`: makes an identity. */
export const init = async ({ folder, signal, emit }: Context): Promise<number> => {
  // From here on there is a phrase that is shown once: no way back.
  signal.throwIfAborted()
  const { address, phrase } = await initialize(folder)
  emit({ event: 'created', address, folder, recoveryPhrase: phrase })
  return EXIT.done
}
