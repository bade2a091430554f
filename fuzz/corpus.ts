import { decodeAddress } from '../src/core/address.ts'
import { type SignedCard, verifyCard, verifyLiveCard } from '../src/core/card.ts'
import { importFernetKey, openFernet } from '../src/core/fernet.ts'
import type { Response } from '../src/core/handshake.ts'
import { decodeHello } from '../src/core/hello.ts'
import { generateKem } from '../src/core/kem.ts'
import { type KeyLog, prefixOf, verifyLog } from '../src/core/key-log.ts'
import { importPrivateKey } from '../src/core/p256.ts'
import { decodeSession } from '../src/core/session/snapshot.ts'
import { at, type Identity, makeIdentity, makePrekeys, NOW } from '../test/core/identities.ts'
import { fromHex } from '../test/core/test-bytes.ts'
import type { CardVector, KeyLogVector } from '../test/vectors/identity-checks.ts'
import type { HandshakeVector, SessionVector } from '../test/vectors/protocol-checks.ts'
import { listFiles, readFile } from '../test/vectors/vector-files.ts'

/**
 * What inputs are made of, from the vectors: signatures and encapsulations are random, and those on disk are the same on every run, so
 * that an input can be made again.
 */

export const read = <T>(folder: string, name: string): T => {
  const file = listFiles(folder).find((one) => one.replace(/^\d+-/, '') === `${name}.json`)
  if (file === undefined) throw new Error(`no vector ${folder}/${name}`)
  return JSON.parse(readFile(folder, file))
}

const logOf = (address: string, envelopes: readonly string[]): KeyLog =>
  verifyLog(decodeAddress(address), envelopes.map(fromHex))

/** The keys are made from their name, and the log is one that was signed with them. */
const published = read<CardVector>('card', 'published')
export const ALICE: Identity = {
  ...makeIdentity('vectors/card', { devices: 2 }),
  log: logOf(published.address, published.log),
}
export const PREKEYS = makePrekeys('vectors/card')
export const CARD: SignedCard = verifyCard(fromHex(published.card), ALICE.log, NOW)

const live = read<CardVector>('card', 'live')
export const LIVE = {
  log: logOf(live.address, live.log),
  channel: fromHex(live.channel ?? ''),
  card: fromHex(live.card),
}
verifyLiveCard(LIVE.card, LIVE.log, NOW, LIVE.channel)

/** Two updates after the same entry, and an update with a rotation behind it; all by these root keys. */
const [fork, rotated] = [read<KeyLogVector>('key-log', 'fork'), read<KeyLogVector>('key-log', 'rotated')]
export const { roots: ROOTS } = makeIdentity('vectors/key-log', { devices: 2 })
export const UPDATED = logOf(fork.address, fork.envelopes)
export const FORKED = logOf(fork.address, fork.other ?? [])
export const ROTATED = logOf(rotated.address, rotated.envelopes)
export const BEFORE_UPDATE = prefixOf(UPDATED, 0)
export const BEFORE_ROTATION = prefixOf(ROTATED, 1)
export const PROOFS = ['updates', 'rotations'].map((name) => read<{ readonly proof: string }>('fork-proof', name).proof)

/** A hello, who can answer it, and what is sealed in it under which key. */
const handshake = read<HandshakeVector>('handshake', 'live')
export const HELLO = fromHex(handshake.hello)
const { responder, initiator } = handshake
const ownLog = logOf(responder.address, responder.log)
const ownCard = verifyLiveCard(fromHex(responder.card), ownLog, NOW, fromHex(responder.channel ?? ''))
export const RESPONSE: Response = {
  self: { log: ownLog, device: ownCard.card.device, ik: importPrivateKey(fromHex(responder.ik)) },
  card: ownCard,
  spk: importPrivateKey(fromHex(responder.spk)),
  kem: generateKem(() => fromHex(responder.kemSeed)),
  channel: fromHex(handshake.channel),
}
export const SEAL_KEY = importFernetKey(fromHex((initiator as { readonly k0?: string } | undefined)?.k0 ?? ''))
export const SEALED = openFernet(SEAL_KEY, decodeHello(HELLO).sealed)

/** A session with messages missing, and two that it can receive: a late one, and one that begins a chain. */
const stored = read<SessionVector>('session', 'snapshot')
export const SNAPSHOT = fromHex(stored.snapshot ?? '')
export const SESSION = decodeSession(SNAPSHOT)
const steps = (stored.steps ?? []).filter(({ receive }) => receive !== undefined)
export const MESSAGES = steps.map(({ header, token }) => ({ header: fromHex(header), token: fromHex(token) }))
export const RECEIVED_AT = at(steps, 0).now

/** A recovery phrase, and signed envelopes. */
export const { phrase: PHRASE } = read<{ readonly phrase: string }>('phrase', 'phrase')
export const ENVELOPES = ['valid', 'empty-payload', 'largest-item'].map((name) =>
  fromHex(read<{ readonly envelope: string }>('cose', name).envelope),
)
