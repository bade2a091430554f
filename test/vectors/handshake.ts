import { hex, utf8 } from '../../src/core/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { KEM_SEED_BYTES } from '../../src/core/kem.ts'
import { rotateLog } from '../../src/core/key-log.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { ecdh, type Handmade, handmadeHello } from '../core/handmade-hello.ts'
import {
  at,
  commitmentAfter,
  draftEntry,
  envelopesOf,
  flip,
  makeBytes,
  makeIdentity,
  makeKey,
  NOW,
  publicOf,
  signDraft,
} from '../core/identities.ts'
import { makeMeeting } from '../core/sessions.ts'
import { seededRandom } from '../core/test-bytes.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/handshake: the `responder`, with its private keys as scalars, the seed d ‖ z of its ML-KEM key and the channel its
 * live card was made for, opens `hello`
 * at the time `now` on the connection `channel` to the initiator's `address`, `device`, `inc` and `seen`, the plaintext `first` and
 * the `session` id, and then `second` (`header`, `token`) to its `plaintext`; or refuses the hello with `error`. Where
 * `initiator` stands, it is everything from which the hello can be made again, byte for byte, and every value on the way
 * by its name in the specification (`rk1`, `ck` are RK' and CK of its first root step, `messages` what the two messages'
 * tokens come from): the sealed part and the messages carry the time `now` and an IV of zeros. `spent` are the `ek`s of
 * hellos that were accepted before.
 */

const live = makeMeeting('vectors/handshake')
const offline = makeMeeting('vectors/handshake offline', { live: false })
const { alice, handmade } = live
const stranger = makeIdentity('vectors/stranger')

const responder = ({ bob, response, prekeys: { spk } }: typeof live, name: string) => ({
  address: bob.address,
  log: envelopesOf(bob.log).map(hex),
  card: hex(response.card.envelope),
  ...(response.channel.length === 0 ? {} : { channel: hex(response.channel) }),
  ik: hex(exportPrivateKey(response.self.ik)),
  spk: hex(exportPrivateKey(spk)),
  kemSeed: hex(seededRandom(`${name}/kem`)(KEM_SEED_BYTES)),
})
const hexed = (values: { readonly [name: string]: Uint8Array }) =>
  Object.fromEntries(Object.entries(values).map(([name, bytes]) => [name, hex(bytes)]))

const accepted = (description: string, meeting: typeof live, name: string) => () => {
  const { hello, session, steps, message } = handmadeHello(meeting.handmade)
  const [first, second] = [message(0, meeting.handmade.first), message(1, utf8('and on'))]
  return {
    description,
    now: NOW,
    responder: responder(meeting, name),
    channel: hex(meeting.response.channel),
    hello: hex(hello),
    address: meeting.alice.address,
    device: 0,
    inc: hex(meeting.initiation.inc),
    seen: hex(meeting.bob.log.last.hash),
    first: hex(meeting.handmade.first),
    session: hex(session),
    second: { header: hex(second.header), token: hex(second.token), plaintext: hex(utf8('and on')) },
    initiator: {
      log: envelopesOf(meeting.alice.log).map(hex),
      ik: hex(exportPrivateKey(at(meeting.alice.devices, 0).ik)),
      ek: hex(exportPrivateKey(meeting.handmade.ek)),
      ratchet: hex(exportPrivateKey(meeting.handmade.ratchet)),
      ...hexed(steps),
      messages: [hexed(first.on), hexed(second.on)],
    },
  }
}
const refused =
  (
    error: ErrorCode,
    description: string,
    hello: () => Uint8Array,
    { channel = live.response.channel, spent = false } = {},
  ) =>
  () => ({
    description,
    now: NOW,
    responder: responder(live, 'vectors/handshake'),
    channel: hex(channel),
    hello: hex(hello()),
    ...(spent ? { spent: [hex(make().fields.ek)] } : {}),
    error,
  })

const make = (changed: Partial<Handmade> = {}) => handmadeHello({ ...handmade, ...changed })
const made = (changed: Partial<Handmade>) => () => make(changed).hello
/** A hello of which one field was replaced after it was made. */
const replaced =
  (change: (fields: ReturnType<typeof make>['fields']) => { readonly [field: string]: CborValue }) => () => {
    const { fields } = make()
    return encodeCbor({ ...fields, ...change(fields) })
  }
const other = () => make({ ek: makeKey('vectors/other ek') }).fields
const identity = { log: envelopesOf(alice.log), device: 0, inc: makeBytes('inc', 16), seen: null }
const next = draftEntry(alice.log, alice)
const forgedLog = [...envelopesOf(alice.log), signDraft(next, at(stranger.roots, 0))]
const retired = rotateLog(alice.log, at(alice.roots, 1), commitmentAfter(alice, 1), {
  devices: publicOf(alice.devices),
  status: 'retired',
  time: NOW,
})

export const handshakeVectors: VectorMakers = {
  live: accepted('a hello for a live card', live, 'vectors/handshake'),
  offline: accepted('a hello for a published card, without a channel', offline, 'vectors/handshake offline'),

  empty: refused('ERR_HELLO_DECODE', 'no bytes', () => new Uint8Array(0)),
  random: refused('ERR_HELLO_DECODE', 'random bytes', () => makeBytes('noise', 500)),
  truncated: refused('ERR_HELLO_DECODE', 'the last byte missing', () => make().hello.slice(0, -1)),
  'trailing-byte': refused('ERR_HELLO_DECODE', 'one byte more', () => Uint8Array.of(...make().hello, 0)),
  'unknown-field': refused(
    'ERR_HELLO_DECODE',
    'a field this version does not know',
    replaced(() => ({ note: null })),
  ),
  'ek-off-curve': refused(
    'ERR_HELLO_DECODE',
    'an ephemeral key that is no point',
    replaced(() => ({ ek: Uint8Array.of(2, ...new Uint8Array(31), 1) })),
  ),
  'ek-identity': refused(
    'ERR_HELLO_DECODE',
    'the point at infinity',
    replaced(() => ({ ek: new Uint8Array(33) })),
  ),
  'ct-short': refused(
    'ERR_HELLO_DECODE',
    'a ciphertext of 1087 bytes',
    replaced(({ ct }) => ({ ct: ct.slice(1) })),
  ),
  version: refused(
    'ERR_HELLO_VERSION',
    'version 2',
    replaced(() => ({ v: 2 })),
  ),
  card: refused(
    'ERR_HELLO_CARD',
    'another card',
    replaced(() => ({ card: makeBytes('card', 32) })),
  ),
  'ek-swapped': refused(
    'ERR_HELLO_SEALED',
    'the ephemeral key of another hello',
    replaced(() => ({ ek: other().ek })),
  ),
  'ct-swapped': refused(
    'ERR_HELLO_SEALED',
    'the ciphertext of another hello',
    replaced(() => ({ ct: other().ct })),
  ),
  'sealed-swapped': refused(
    'ERR_HELLO_SEALED',
    'the sealed part of another hello',
    replaced(() => ({ sealed: other().sealed })),
  ),
  'sealed-changed': refused(
    'ERR_HELLO_SEALED',
    'one bit of the sealed part changed',
    replaced(({ sealed }) => ({ sealed: flip(sealed) })),
  ),
  'sealed-shape': refused(
    'ERR_HELLO_SEALED',
    'a sealed part with a field more',
    made({ identity: { ...identity, note: null } }),
  ),
  channel: refused('ERR_HELLO_SEALED', 'another connection', () => make().hello, {
    channel: makeBytes('channel', 64),
  }),
  'log-forged': refused(
    'ERR_LOG_SIGNATURE',
    "an entry in the initiator's log that its root did not sign",
    made({ identity: { ...identity, log: forgedLog } }),
  ),
  device: refused(
    'ERR_HELLO_DEVICE',
    "a device the initiator's log does not have",
    made({ identity: { ...identity, device: 1 } }),
  ),
  retired: refused(
    'ERR_PEER_RETIRED',
    'a retired initiator',
    made({ identity: { ...identity, log: envelopesOf(retired) } }),
  ),
  'first-swapped': refused(
    'ERR_SESSION_OTHER',
    'the first message of another hello',
    replaced(() => ({ first: other().first })),
  ),
  'log-swapped': refused(
    'ERR_SESSION_OTHER',
    "another identity's log",
    made({ identity: { ...identity, log: envelopesOf(stranger.log) } }),
  ),
  'first-header': refused(
    'ERR_SESSION_HEADER',
    'a first message without a header',
    replaced(({ first }) => ({ first: { ...first, header: Uint8Array.of(0x80) } })),
  ),
  'first-changed': refused(
    'ERR_SESSION_TOKEN',
    'one bit of the first token changed',
    replaced(({ first }) => ({ first: { ...first, token: flip(first.token) } })),
  ),
  impersonation: refused(
    'ERR_SESSION_TOKEN',
    'a hello in the name of the initiator by someone who holds ik of the responder only',
    made({ se: ecdh(at(alice.devices, 0).ik.publicKey, live.response.self.ik) }),
  ),
  'first-skipped': refused('ERR_SESSION_SKIP', 'a first message numbered 1001', made({ n: 1001 })),
  replay: refused('ERR_HELLO_REPLAY', 'a hello that was accepted before', () => make().hello, { spent: true }),
  self: refused(
    'ERR_PEER_SELF',
    'a hello of the responder to itself',
    made({
      identity: { ...identity, log: envelopesOf(live.bob.log) },
      idA: live.bob.log.id,
      headA: live.bob.log.last.hash,
      se: ecdh(live.prekeys.spk.publicKey, live.response.self.ik),
      ii: ecdh(live.handmade.ikB, live.response.self.ik),
    }),
  ),
  'impersonation-prekey': refused(
    'ERR_SESSION_TOKEN',
    'a hello in the name of the initiator by someone who holds spk of the responder only',
    made({ ii: ecdh(live.prekeys.spk.publicKey, live.handmade.ek) }),
  ),
  'sealed-inc': refused(
    'ERR_HELLO_SEALED',
    'an incarnation of 15 bytes',
    made({ identity: { ...identity, inc: makeBytes('inc', 15) } }),
  ),
}
