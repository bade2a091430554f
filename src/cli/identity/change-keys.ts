import { encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { whatHappened } from '../../core/happening.ts'
import type { KeyLog } from '../../core/key-log.ts'
import type { ChangeOptions, RecoveryOptions } from '../../identity/replace-keys.ts'
import type { Rotation } from '../../identity/rotation.ts'
import type { Context } from '../context.ts'
import { type PhraseFlags, readPhrase } from '../options/phrase.ts'
import { tellClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'

/** What `rotate`, `recover`, `renew` and `retire` have in common: a report of each step once it is done. */
export const changeKeys = async (
  context: Context,
  work: (options: ChangeOptions) => Promise<Rotation>,
): Promise<number> => {
  const { folder, network, clockIsRight, signal, terminal, passphrases, emit, goOn } = context
  terminal.status('looking up what the network knows')
  const onSaved: ChangeOptions['onSaved'] = (log, rootKey) => {
    // New keys that nobody hears of are worse than a report that nobody reads.
    goOn()
    // One line, which the end of the command waits for.
    void emit({ event: 'saved', ...describe(log), folder, rootKey })
    terminal.status('publishing')
  }
  const onClock: ChangeOptions['onClock'] = (reading) => void tellClock(context, reading)
  const given = { folder, network, clockIsRight, signal, passphrase: passphrases.current }
  const { log, publication } = await work({ ...given, onSaved, onClock })
  terminal.status('')
  const { accepted, replicas, refusals, weak, crowded } = publication
  await emit({
    event: 'published',
    ...describe(log),
    accepted,
    replicas,
    refusals: Object.fromEntries(refusals),
    weak,
    crowded,
  })
  return EXIT.done
}

/** `changeKeys` by the recovery phrase. */
export const turnKeys = async (
  context: Context,
  flags: PhraseFlags,
  work: (options: RecoveryOptions) => Promise<Rotation>,
): Promise<number> => {
  const phrase = await readPhrase(context, flags)
  return changeKeys(context, (rest) => work({ ...rest, phrase, evenDoubtful: flags.evenDoubtful }))
}

const describe = (log: KeyLog) => {
  const { id, epoch, last } = log
  const { seq, status } = last.entry
  const happened = whatHappened(log, seq)
  return { address: encodeAddress(id), epoch, seq, head: hex(last.hash), status, happened }
}
