import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { RecoveryOptions } from '../peer/recovery.ts'
import type { Rotation } from '../peer/rotation.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { type PhraseOptions, readPhrase } from './phrase.ts'

/** What `rotate`, `recover` and `retire` have in common: the phrase, and a report of each step once it is done. */
export const turnKeys = async (
  context: Context,
  options: PhraseOptions,
  work: (options: RecoveryOptions) => Promise<Rotation>,
): Promise<number> => {
  const { folder, bootstrap, signal, terminal, passphrases, emit } = context
  const phrase = await readPhrase(context, options)
  terminal.status('looking up what the network knows')
  const onSaved = (log: KeyLog): void => {
    emit({ event: 'saved', ...describe(log), folder })
    terminal.status('publishing')
  }
  const { log, publication } = await work({
    folder,
    bootstrap,
    signal,
    phrase,
    passphrase: passphrases.current,
    onSaved,
  })
  terminal.status('')
  const { accepted, replicas, refusals, weak } = publication
  emit({ event: 'published', ...describe(log), accepted, replicas, refusals: Object.fromEntries(refusals), weak })
  return EXIT.done
}

const describe = ({ id, epoch, last }: KeyLog) => ({
  address: encodeAddress(id),
  epoch,
  seq: last.entry.seq,
  head: hex(last.hash),
  status: last.entry.status,
})
