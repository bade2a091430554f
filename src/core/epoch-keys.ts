import { blake2b256, sha256 } from './kdf.ts'
import type { Entry } from './key-log-entry.ts'

/** What the entries of one epoch say of the epochs to come (docs/spec/identity.md §2): the owner decides it all with the first entry. */

/** Beside the root key, what a rotation puts in place and every update of its epoch keeps. */
export type EpochKeys = Pick<Entry, 'next' | 'slot' | 'after'>

/** The public keys of one rotation to come: root key (33 bytes) and slot (32 bytes). */
export type RotationKeys = { readonly root: Uint8Array; readonly slot: Uint8Array }

const NONE = new Uint8Array(32)

/** Where the value of a slot lies in HyperDHT, 32 bytes. */
export const placeOfSlot = (slot: Uint8Array): Uint8Array => blake2b256(slot)

/** What the entry before commits to: H(root ‖ after ‖ next), with the root key and the words of the entry that rotates to it. */
export const commitmentTo = (root: Uint8Array, { after, next }: Pick<EpochKeys, 'after' | 'next'>): Uint8Array =>
  sha256(root, after, next)

/**
 * What an epoch with this slot says that is followed by these rotations: `next` is one commitment to all of them, 32 zero bytes to none,
 * and `after` the place of the next slot, 32 zero bytes after the last. If a rotation chose what it commits to, the thief of a root key that
 * was once rotated to could sign that rotation again, commit to keys of its own, and rotate past the owner; and if it chose `after`, send
 * everybody to a slot of its own for what comes next.
 */
export const epochKeys = (slot: Uint8Array, coming: readonly RotationKeys[]): EpochKeys => {
  let next: Uint8Array = NONE
  let after: Uint8Array = NONE
  for (const { root, slot: following } of coming.toReversed()) {
    next = commitmentTo(root, { after, next })
    after = placeOfSlot(following)
  }
  return { slot, next, after }
}
