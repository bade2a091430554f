import { encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { epochKeys } from '../../src/core/epoch-keys.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { bridgeLog, createLog, type KeyLog, ROTATIONS_MAX, rotateLog, updateLog } from '../../src/core/key-log.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { generatePhrase, phraseKeys } from '../../src/core/recovery-phrase.ts'
import { envelopesOf, lengthen, makeDevice, NOW, publicOf } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { type RotationVector, rotationOf } from './identity-checks.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/rotation: at the time `now`, `phrase` rotates the identity whose log, `envelopes` of `address`, is the furthest known.
 * From its `base` (own or recovery) it `continues` an entry of that number and epoch, and adds `entry`, `retire`d or not;
 * `final` says whether that is the owner's last word. Or it is refused with `error`. Device keys are drawn, so not given.
 */

const { identity, phrase } = createIdentity(NOW, seededRandom('vectors/rotation'))
const chain = phraseKeys(phrase)
const content = { devices: publicOf([makeDevice('vectors/rotation')]), time: NOW }
const first = identity.log
const update = (log: KeyLog, root: P256PrivateKey, fields: Partial<Parameters<typeof updateLog>[2]> = {}): KeyLog =>
  updateLog(log, root, { ...content, ...fields })
const rotate = (log: KeyLog, fields: Partial<Parameters<typeof updateLog>[2]> = {}): KeyLog =>
  rotateLog(log, chain.root(log.epoch + 1), chain.epoch(log.epoch + 1), { ...content, ...fields })
const rotations = (count: number): KeyLog => {
  let log = first
  while (log.epoch < count) log = rotate(log)
  return log
}
const twice = rotate(update(rotate(first), chain.root(1)))
const again = rotate(first, { status: 'retired' })
const recovered = rotateLog(
  bridgeLog(bridgeLog(first, chain.root(1), chain.epoch(1)), chain.root(2), chain.epoch(2)),
  chain.root(3),
  chain.epoch(3),
  content,
)

type Given = { readonly log?: KeyLog; readonly words?: string; readonly now?: number; readonly retire?: boolean }
const given = (description: string, base: RotationVector['base'], more: Given) => {
  const { log = first, words = phrase, now = NOW, retire = false } = more
  return {
    description,
    now,
    address: encodeAddress(log.id),
    envelopes: envelopesOf(log).map(hex),
    phrase: words,
    base,
    retire,
  }
}
const accepted =
  (description: string, base: RotationVector['base'], more: Given = {}) =>
  () => {
    const vector = given(description, base, more)
    return { ...vector, ...rotationOf(more.log ?? first, vector) }
  }
const refused =
  (error: ErrorCode, description: string, more: Given, base: RotationVector['base'] = 'recovery') =>
  () => ({ ...given(description, base, more), error })

/** Commits to the phrase's next root key, but to another one after it. */
const otherNext = createLog(
  identity.root,
  epochKeys(chain.slot(0).publicKey, [
    { root: chain.root(1).publicKey, slot: chain.slot(1).publicKey },
    { root: identity.root.publicKey, slot: chain.slot(2).publicKey },
  ]),
  content,
)

/** The same of its next slot. */
const otherSlot = createLog(identity.root, { ...chain.epoch(0), after: chain.epoch(1).after }, content)

export const rotationVectors: VectorMakers = {
  'own-first': accepted('the first rotation', 'own'),
  'own-updated': accepted('a rotation after updates continues them', 'own', {
    log: lengthen(first, identity.root, 32),
  }),
  'own-long': accepted('a log of 33 entries begins anew', 'own', { log: lengthen(first, identity.root, 33) }),
  'own-rotated': accepted('the third rotation', 'own', { log: twice }),
  'own-retired': accepted('a retired log begins anew', 'own', {
    log: update(first, identity.root, { status: 'retired' }),
  }),
  'recovery-first': accepted('one entry is its own base', 'recovery'),
  'recovery-updated': accepted("updates are left behind, a thief's or not", 'recovery', {
    log: lengthen(first, identity.root, 9),
  }),
  'recovery-full': accepted('a log filled to its last place', 'recovery', { log: lengthen(first, identity.root, 64) }),
  'recovery-rotated': accepted('rotations are made anew, without what lay between', 'recovery', { log: twice }),
  'recovery-retired-again': accepted('a rotation signed again as a retirement', 'recovery', { log: again }),
  retire: accepted('a final retirement', 'own', { retire: true }),
  'clock-behind': accepted('a clock behind the entry before: its time is kept', 'own', {
    log: update(first, identity.root, { time: NOW + 1800 }),
  }),
  last: accepted('rotation 63, which commits to none', 'recovery', { log: rotations(ROTATIONS_MAX - 1) }),

  'after-last': refused('ERR_LOG_TOO_LONG', 'there is no rotation 64', { log: rotations(ROTATIONS_MAX) }),
  'after-last-own': refused('ERR_LOG_TOO_LONG', 'nor on the own machine', { log: rotations(ROTATIONS_MAX) }, 'own'),
  'no-phrase': refused('ERR_PHRASE', '23 words', { words: phrase.split(' ').slice(1).join(' ') }),
  'other-phrase': refused('ERR_PHRASE_OTHER', 'the phrase of another identity', {
    words: generatePhrase(seededRandom('vectors/rotation/other')),
  }),
  'other-phrase-own': refused(
    'ERR_PHRASE_OTHER',
    'the same on the own machine',
    { words: generatePhrase(seededRandom('vectors/rotation/other')) },
    'own',
  ),
  'other-next': refused('ERR_PHRASE_OTHER', 'the right next root key, but another after it', { log: otherNext }),
  'other-slot': refused('ERR_PHRASE_OTHER', 'the right next root key, but another next slot', { log: otherSlot }),
  'recovery-again': accepted('a recovered log: its bridges are made anew too', 'recovery', { log: recovered }),
  'own-recovered': accepted('a recovered log goes on as it is', 'own', { log: recovered }),
}
