import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import type { Change } from '../core/floor.ts'
import type { KeyLog } from '../core/key-log.ts'
import { safetyNumber } from '../core/safety-number.ts'
import type { Way } from '../network/ways.ts'

/** How sure we are whom an address belongs to, and how fresh what we know of it is (docs/spec/trust.md §1). */
export type Trust = {
  /** `verified`: you confirmed it; `pinned`: you gave this address, or let it in; `unknown`: it came to you, and nobody has vouched for it */
  readonly identity: 'unknown' | 'pinned' | 'verified'
  /**
   * `stale`: no unexpired card in the directory says that its log ends here, or somebody may hide what is newer; `forked`: two valid logs contradict each other, and
   * nothing is sent before you have verified it anew; `retired`: it has ended
   */
  readonly freshness: 'current' | 'stale' | 'forked' | 'retired'
  readonly reason: string
}

/** Who is at the other end: all of it verified. */
export type Remote = {
  readonly address: string
  /** rotations of its root key, entries of its log less one, and hash of the last entry in hex */
  readonly epoch: number
  readonly seq: number
  readonly head: string
  /** 60 digits that both sides can compare by voice */
  readonly safetyNumber: string
  readonly trust: Trust
  /** who called: `in` when the other side did */
  readonly direction: 'in' | 'out'
  /** what became of the identity since it was seen last */
  readonly change: Change
  /** how its bytes travelled when it began: a relay forwards what it cannot read */
  readonly way: Way
}

type Circumstances = Pick<Remote, 'trust' | 'direction' | 'change'> & { readonly way?: Way }

export const describeRemote = (log: KeyLog, own: KeyLog, circumstances: Circumstances): Remote => ({
  address: encodeAddress(log.id),
  epoch: log.epoch,
  seq: log.last.entry.seq,
  head: hex(log.last.hash),
  safetyNumber: safetyNumber(log.id, own.id),
  way: 'direct',
  ...circumstances,
})
