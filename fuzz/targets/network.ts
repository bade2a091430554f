import { EventEmitter } from 'node:events'
import type { Address, IO, SecretStream } from 'hyperdht'
import { type BeaconDatagram, beaconKey, decodeBeacon, encodeAnswer, encodeQuestion } from '../../src/core/beacon.ts'
import { concat, equal } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { createAnswerer } from '../../src/network/beacon-answerer.ts'
import { createQuestions } from '../../src/network/beacon-questions.ts'
import { createFrameStream } from '../../src/network/frame-stream.ts'
import { parseNetwork, writeNetwork } from '../../src/network/network-choice.ts'
import { checkReplySenders } from '../../src/network/reply-check.ts'
import { must, type Target, target, textTarget } from '../target.ts'

/** What HyperDHT hands us before anybody has looked at it: datagrams of the DHT, and messages of encrypted streams. */

const ASKED: Address = { host: '192.0.2.1', port: 4000 }
const REPLY = Uint8Array.of(0x13, 0, 7, 0, 1, 2, 3)

/** Whether a datagram of that sender passes. */
const passes = (message: Uint8Array, from: Address): boolean => {
  let passed = false
  const io = {
    inflight: [{ tid: 7, to: ASKED }],
    onmessage: () => {
      passed = true
    },
  } as unknown as IO
  checkReplySenders(io)
  const given = Buffer.from(message.buffer, message.byteOffset, message.length)
  io.onmessage({} as Parameters<IO['onmessage']>[0], given, from)
  return passed
}

const checkDatagram = (message: Uint8Array): unknown => {
  const isReply = message[0] === 0x13
  const isOurs = message.length >= 4 && (message[1] ?? 255) <= 0xfc && message[2] === 7 && message[3] === 0
  must(passes(message, ASKED) === (!isReply || isOurs), 'a reply to nothing passed, or one that was asked for did not')
  must(passes(message, { ...ASKED, port: 4001 }) === !isReply, 'a reply of somebody else passed')
  return isReply
}

const BEACON = beaconKey(new Uint8Array(32).fill(1))
const NONCE = new Uint8Array(16).fill(2)
const ASKER: Address = { host: '10.0.0.1', port: 40_000 }
const ANSWERER: Address = { host: '10.0.0.2', port: 4_000 }

const writeBeacon = ({ nonce, port, mac }: BeaconDatagram): Uint8Array =>
  Uint8Array.of(0x48, 0x46, 1, port === 0 ? 0 : 1, ...nonce, port >> 8, port & 255, ...mac)

/** Whoever is asked for answers one question alone, and whoever asks takes one answer alone: nobody can make others without the id. */
const checkBeacon = (input: Uint8Array): BeaconDatagram | null => {
  const datagram = decodeBeacon(input)
  const answerer = createAnswerer({ keys: [BEACON], port: () => ANSWERER.port, now: () => 0 })
  const make = answerer.hear(input, ASKER, () => true)
  must((make !== null) === equal(input, encodeQuestion(BEACON, NONCE, ASKER)), 'a question that nobody asked')
  must(make === null || make(ANSWERER.host).length <= input.length, 'an answer that is larger than its question')
  const questions = createQuestions(BEACON, () => NONCE)
  questions.ask(ASKER)
  const isTaken = questions.hear(input, ANSWERER.host, () => true) !== null
  must(isTaken === equal(input, encodeAnswer(BEACON, NONCE, ANSWERER)), 'an answer that nobody gave')
  return datagram
}

/** The encrypted stream, as far as frames are read from it. */
const createStream = () => {
  const emitter = new EventEmitter()
  const stream = Object.assign(emitter, {
    ...{ destroyed: false, rawBytesRead: 0, rawStream: null, handshakeHash: new Uint8Array(64) },
    ...{ remotePublicKey: new Uint8Array(32), write: () => true },
    end: () => {},
    destroy: (error?: Error) => {
      if (stream.destroyed) return
      stream.destroyed = true
      if (error !== undefined) emitter.emit('error', error)
      emitter.emit('close')
    },
  })
  return stream
}

const messagesIn = (input: Uint8Array): readonly Uint8Array[] => {
  try {
    const list = decodeCbor(input) as readonly CborValue[]
    if (Array.isArray(list)) return list.filter((one) => one instanceof Uint8Array)
  } catch {
    // Then it is one message.
  }
  return [input]
}

/** The frames that come out of what the other side wrote before it ended in order. */
const readFrames = async (input: Uint8Array): Promise<readonly Uint8Array[]> => {
  const stream = createStream()
  const frames = createFrameStream(stream as unknown as SecretStream)
  for (const message of messagesIn(input)) stream.emit('data', Buffer.from(message))
  if (!stream.destroyed) stream.emit('end')
  const read: Uint8Array[] = []
  for await (const frame of frames.receive()) read.push(frame)
  for (const { length } of read) must(length >= 1 && length <= 64 * 1024, `a frame of ${length} bytes`)
  must(read.reduce((sum, { length }) => sum + length + 64, 0) <= 1024 * 1024, 'more than the window was kept')
  return read
}

const frame = (size: number): Uint8Array => concat(Uint8Array.of(0), new Uint8Array(size).fill(7))

export const networkTargets: readonly Target[] = [
  target({
    name: 'dht-reply',
    form: 'bytes',
    corpus: [REPLY, Uint8Array.of(3, 0, 1, 0)],
    decode: checkDatagram,
    codes: [],
  }),
  target({
    name: 'frame-stream',
    form: 'cbor',
    corpus: [
      encodeCbor([frame(1), frame(100), Uint8Array.of(1, 0, 0, 0, 0)]),
      encodeCbor(Array.from({ length: 5 }, () => frame(1000))),
    ],
    decode: readFrames,
    codes: ['ERR_FRAME_SIZE', 'ERR_FRAME_WINDOW', 'ERR_FRAME'],
    share: 6,
  }),
  target({
    name: 'beacon',
    form: 'bytes',
    corpus: [encodeQuestion(BEACON, NONCE, ASKER), encodeAnswer(BEACON, NONCE, ANSWERER)],
    decode: checkBeacon,
    encode: (datagram) => datagram && writeBeacon(datagram),
    codes: [],
  }),
  textTarget({
    name: 'network-choice',
    form: 'text',
    corpus: [
      '127.0.0.1:4000',
      'node.example:49737, 192.0.2.7:1 localhost:65535',
      'a-b.example:7,127.0.0.1:4000',
      'lan',
      ' Public',
    ],
    decode: (text) => {
      const choice = parseNetwork(text)
      must(
        JSON.stringify(parseNetwork(writeNetwork(choice))) === JSON.stringify(choice),
        'another choice the second time',
      )
      return choice
    },
    codes: ['ERR_NETWORK_MISSING', 'ERR_NETWORK_FORMAT'],
  }),
]
