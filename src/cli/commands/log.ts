import { encodeAddress } from '../../core/address.ts'
import { hex } from '../../core/bytes.ts'
import { oddityOf } from '../../core/clock.ts'
import { whatHappened } from '../../core/happening.ts'
import { sha256 } from '../../core/kdf.ts'
import type { KeyLog } from '../../core/key-log.ts'
import type { CommandFile, Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import type { CliEvent } from '../output/cli-events.ts'
import { tellingClock } from '../output/clock-event.ts'
import { emitEach } from '../output/emit-each.ts'
import { EXIT } from '../output/failure.ts'

export const logCommand: CommandFile = (program, start) =>
  program
    .command('log')
    .argument('[contact]', `${WHO}; your own when it is left out`)
    .summary('tell what became of an identity’s keys, entry by entry')
    .description(
      'Shows the key log of an identity: each change of its keys, signed by its owner. Your own needs no network.',
    )
    .addHelpText('after', '\nExample:\n  handfast log hf1… --network 127.0.0.1:4000')
    .action((contact: string | undefined) => start((context) => tellLog(context, contact)))

const tellLog = async (context: Context, contact: string | undefined): Promise<number> => {
  const { folder, emit } = context
  const { log, forked } =
    contact === undefined ? { log: await readOwnLog(folder), forked: false } : await find(context, contact)
  const { status } = log.last.entry
  await emit({
    event: 'log',
    address: encodeAddress(log.id),
    entries: log.entries.length,
    epoch: log.epoch,
    status,
    forked,
  })
  const now = Math.floor(Date.now() / 1000)
  const entries = log.entries.map(({ entry, hash }): CliEvent<'entry'> => {
    const { seq, time, devices, root } = entry
    const happened = whatHappened(log, seq)
    const keys = { devices: devices.length, root: hex(sha256(root)), hash: hex(hash) }
    return { event: 'entry', seq, time, odd: oddityOf(time, now), happened, ...keys }
  })
  await emitEach(context, entries)
  return EXIT.done
}

const find = async (context: Context, contact: string): Promise<{ log: KeyLog; forked: boolean }> => {
  const { folder, network, beacon, signal, terminal } = context
  const address = await resolveContact(folder, contact)
  const { openPeer } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openPeer({ network, beacon, signal, listen: false })
  await using _clock = tellingClock(context, peer)
  const { log, fork } = await peer.lookup(address, { signal })
  terminal.status('')
  return { log, forked: fork !== null }
}
