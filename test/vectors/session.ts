import { at, flip, makeBytes, makeKey, makePrekeys, NOW } from '../core/identities.ts'
import { conversationVectors } from './conversation.ts'
import { begun, continued, many, play, plays, refuses, refusesSnapshot, reheaded } from './session-plays.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/session: one side of a session from its beginning. The initiator starts from `rootKey` and the responder's public
 * key `remote`, the responder from `rootKey` and the scalar `self`, both at the time `begun`; whenever fresh bytes are needed they are the next of
 * `random`. Each of the `steps` happens at its time `now`: `send` gives exactly `header` and `token`; `header` and `token`
 * received open to `receive`. Where `error` stands, the `message` that comes last is refused with it and changes nothing.
 * Where a `snapshot` stands, the session begins as what was stored in it, and is stored as `after` at the end; or the
 * snapshot is refused with `error`.
 */

export const sessionVectors: VectorMakers = {
  initiator: plays('initiator', 'the initiator sends, receives and sends again', (own, peer) => {
    peer.receive(own.send('hello'))
    own.receive(peer.send('welcome'))
    peer.receive(own.send(''))
    own.receive(peer.send('x'.repeat(100)))
  }),
  responder: plays('responder', 'the responder receives, sends and receives again', (own, peer) => {
    begun(own, peer)
    own.receive(peer.send('third'))
    peer.receive(own.send('fourth'))
  }),
  reordered: plays('responder', 'messages of one chain in another order', (own, peer) => {
    const messages = many(peer, 4)
    for (const index of [2, 0, 3, 1]) own.receive(at(messages, index))
  }),
  'earlier-chain': plays('responder', 'a message of a chain that is over', (own, peer) => {
    begun(own, peer)
    const late = peer.send('late')
    own.receive(peer.send('on time'))
    peer.receive(own.send('turn'))
    own.receive(peer.send('next chain'))
    own.receive(late)
  }),
  'previous-chain': plays('responder', 'messages missing at the end of the chain before', (own, peer) => {
    begun(own, peer)
    const [early, late] = [peer.send('early'), peer.send('late')]
    own.receive(early)
    peer.receive(own.send('turn'))
    own.receive(peer.send('next chain'))
    own.receive(late)
  }),
  'skip-most': plays('responder', '1,000 messages missing', (own, peer) => {
    const messages = many(peer, 1001)
    own.receive(at(messages, 1000))
    own.receive(at(messages, 0))
  }),
  week: plays('responder', 'a message that was skipped exactly seven days ago', (own, peer) => {
    const [first, second] = many(peer, 2)
    if (first === undefined || second === undefined) return
    own.receive(second)
    own.receive(first, NOW + 7 * 24 * 3600)
  }),

  header: refuses('ERR_SESSION_HEADER', 'a field more in the header', (_, peer) =>
    reheaded(peer.send('text'), (fields) => [...fields, null]),
  ),
  'header-kem-short': refuses('ERR_SESSION_HEADER', 'a KEM public key of 1,183 bytes', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(4, new Uint8Array(1183))),
  ),
  'header-ct-unasked': refuses('ERR_SESSION_HEADER', 'a KEM ciphertext without a KEM key to answer', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(5, new Uint8Array(1088))),
  ),
  'header-point': refuses('ERR_SESSION_HEADER', 'a ratchet key that is no point', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(1, Uint8Array.of(2, ...new Uint8Array(31), 1))),
  ),
  session: refuses('ERR_SESSION_OTHER', 'another session id', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(0, makeBytes('other session', 16))),
  ),
  duplicate: refuses('ERR_SESSION_DUPLICATE', 'a message received twice', (own, peer) => {
    const message = peer.send('once')
    own.receive(message)
    return message
  }),
  'duplicate-skipped': refuses('ERR_SESSION_DUPLICATE', 'a skipped message received twice', (own, peer) => {
    const messages = many(peer, 2)
    own.receive(at(messages, 1))
    own.receive(at(messages, 0))
    return at(messages, 0)
  }),
  forgotten: play(
    'responder',
    'a message that was skipped more than seven days ago',
    (own, peer) => {
      const messages = many(peer, 2)
      own.receive(at(messages, 1))
      return { message: at(messages, 0), now: NOW + 7 * 24 * 3600 + 1 }
    },
    'ERR_SESSION_DUPLICATE',
  ),
  'kept-most': refuses('ERR_SESSION_DUPLICATE', 'the oldest of 2,001 skipped messages', (own, peer) => {
    const messages = many(peer, 2004)
    for (const index of [1000, 2001, 2003, 1]) own.receive(at(messages, index))
    return at(messages, 0)
  }),
  'skip-more': refuses('ERR_SESSION_SKIP', '1,001 messages missing', (_, peer) => at(many(peer, 1002), 1001)),
  'skip-previous': refuses('ERR_SESSION_SKIP', '1,001 messages missing at the end of the chain before', (own, peer) => {
    begun(own, peer)
    const [first] = many(peer, 1002)
    if (first !== undefined) own.receive(first)
    peer.receive(own.send('turn'))
    return peer.send('next chain')
  }),
  'token-changed': refuses('ERR_SESSION_TOKEN', 'one bit of the token changed', (_, peer) => {
    const { header, token } = peer.send('text')
    return { header, token: flip(token) }
  }),
  'token-of-other': refuses('ERR_SESSION_TOKEN', 'the token of another message', (_, peer) => ({
    header: peer.send('one').header,
    token: peer.send('two').token,
  })),
  'pn-changed': refuses('ERR_SESSION_TOKEN', 'another pn', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(2, 1)),
  ),
  'n-changed': refuses('ERR_SESSION_TOKEN', 'another n', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(3, 1)),
  ),
  'kem-added': refuses('ERR_SESSION_TOKEN', 'a KEM public key put into the header', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(4, makePrekeys('other').kem.publicKey)),
  ),
  'dh-changed': refuses('ERR_SESSION_TOKEN', 'another ratchet key', (_, peer) =>
    reheaded(peer.send('text'), (fields) => fields.with(1, makeKey('other').publicKey)),
  ),
  reflected: refuses('ERR_SESSION_TOKEN', 'a message that comes back to its sender', (own, peer) => {
    begun(own, peer)
    return own.send('to the peer')
  }),
  'old-chain-twice': refuses('ERR_SESSION_TOKEN', 'a message of an earlier chain received twice', (own, peer) => {
    begun(own, peer)
    const message = peer.send('once')
    own.receive(message)
    peer.receive(own.send('turn'))
    own.receive(peer.send('next chain'))
    return message
  }),
  snapshot: continued,
  'snapshot-version': refusesSnapshot('ERR_SESSION_VERSION', 'a snapshot of version 2', (fields) => ({
    ...fields,
    v: 2,
  })),
  'snapshot-field': refusesSnapshot('ERR_SESSION_CORRUPT', 'a field more in a snapshot', (fields) => ({
    ...fields,
    x: 0,
  })),
  'snapshot-scalar': refusesSnapshot('ERR_SESSION_CORRUPT', 'a ratchet key that is no scalar', (fields) => ({
    ...fields,
    self: new Uint8Array(32),
  })),
  ...conversationVectors,
  'kem-disagrees': refuses('ERR_SESSION_HEADER', 'a KEM public key that the chain did not begin with', (own, peer) => {
    own.receive(peer.send('one'))
    const later = peer.send('two')
    return reheaded(later, (fields) => fields.with(4, makePrekeys('other').kem.publicKey))
  }),
}
