import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { decodeCbor } from '../../src/core/cbor.ts'
import type { HandshakeVector, SessionVector } from '../vectors/protocol-checks.ts'
import type { Trace } from '../vectors/trace.ts'
import { listFiles, readFile } from '../vectors/vector-files.ts'
import type { HelloFields } from './handmade-hello.ts'
import { at } from './identities.ts'
import { type PythonPeer, startPython } from './python.ts'
import { fromHex } from './test-bytes.ts'

/**
 * The documents are enough: an implementation in Python that was written from docs/spec/handshake.md and session.md gets
 * every value of the vectors. It is given what was drawn, what ML-KEM gave, and what happens; nothing that can be computed.
 */

let python: PythonPeer

before(() => {
  python = startPython('spec_peer.py')
})

after(() => python?.close())

const vectorsIn = <T>(folder: string): readonly (readonly [string, T])[] =>
  listFiles(folder).map((file) => [file, JSON.parse(readFile(folder, file)) as T])

for (const [file, vector] of vectorsIn<HandshakeVector>('handshake')) {
  const { initiator, second } = vector
  if (initiator === undefined || second === undefined) continue
  test(`vectors/handshake/${file} from the documents`, async () => {
    const { now, responder, channel, device, inc, seen, first } = vector
    const { log, ik, ek, ratchet, messages, ss, ...steps } = initiator
    const { ct } = decodeCbor(fromHex(vector.hello)) as HelloFields
    const given = { now, responder, channel, device, inc, seen, first, second: second.plaintext }
    const answer = await python.ask({ op: 'handshake', ...given, initiator: { log, ik, ek, ratchet, ss, ct: hex(ct) } })
    const { header, token, plaintext } = second
    assert.deepEqual(answer, {
      hello: vector.hello,
      session: vector.session,
      second: { header, token },
      steps: { ss, ...steps },
      messages,
      opened: {
        id: hex(decodeAddress(vector.address ?? '')),
        device,
        inc,
        seen,
        first,
        second: plaintext,
        h1: 'h1' in steps ? steps.h1 : null,
      },
    })
  })
}

for (const [file, vector] of vectorsIn<SessionVector>('session')) {
  if (vector.role === undefined || vector.steps === undefined) continue
  const { steps } = vector
  test(`vectors/session/${file} from the documents`, async () => {
    const given = steps.map(({ now, send, header, token }) =>
      send === undefined ? { now, header, token } : { now, send },
    )
    const { error, ...rest } = vector
    const answer = await python.ask({ op: 'side', ...rest, steps: given })
    assert.deepEqual(answer, {
      steps: steps.map(({ send, receive, header, token }) => (send === undefined ? { receive } : { header, token })),
      ...(error === undefined ? {} : { error, unchanged: true }),
    })
  })
}

for (const [file, vector] of vectorsIn<Trace>('session')) {
  if (vector.chains === undefined) continue
  test(`vectors/session/${file} from the documents`, async () => {
    const { id, rootKey, spk, begun, chains, messages } = vector
    const drawn = chains.map(({ sender, self, kem, kemSeed, ct, ss }) => ({ sender, self, kem, kemSeed, ct, ss }))
    const ivsOf = (side: string): string[] =>
      messages.filter(({ chain }) => at(chains, chain).sender === side).map(({ iv }) => iv)
    const numberOf = (value: string | number | undefined): number => (typeof value === 'number' ? value : -1)
    const events = vector.events.map(({ side, now, send, receive }) =>
      send === undefined ? { side, now, receive } : { side, now, text: at(messages, numberOf(send)).plaintext },
    )
    const ivs = { initiator: ivsOf('initiator'), responder: ivsOf('responder') }
    const answer = await python.ask({ op: 'conversation', id, rootKey, spk, begun, chains: drawn, ivs, events })
    const received = vector.events
      .filter(({ receive }) => receive !== undefined)
      .map(({ receive }) => at(messages, numberOf(receive)).plaintext)
    assert.deepEqual(answer, { chains, messages, received, after: vector.after })
  })
}

test('the vectors that the documents are held against are all there', () => {
  const sessions = vectorsIn<SessionVector | Trace>('session')
  assert.ok(sessions.filter(([, vector]) => 'chains' in vector).length >= 3)
  assert.ok(sessions.filter(([, vector]) => 'role' in vector).length >= 26)
  assert.ok(vectorsIn<HandshakeVector>('handshake').filter(([, { initiator }]) => initiator !== undefined).length >= 2)
})
