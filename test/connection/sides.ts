import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Channel, openChannel } from '../../src/connection/channel.ts'
import { type Connection, createConnection } from '../../src/connection/connection.ts'
import {
  type Answering,
  answerLive,
  type Initiating,
  initiateLive,
  type Met,
} from '../../src/connection/live-handshake.ts'
import { describeRemote } from '../../src/connection/remote.ts'
import type { Service } from '../../src/connection/service.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { decryptMessage, encryptMessage, type Session } from '../../src/core/session/session.ts'
import type { World } from '../../src/core/world.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createPair, type MemoryPair } from './memory-transport.ts'

/** Two sides that meet over a stream in memory; one of them may be Mallory, who says what she likes. */

/** A world of its own for each name; its clock is set by the test. */
export const makeWorld = (name: string, now: number = NOW): World & { now: number } => {
  const world = { now, clock: () => world.now * 1000, random: seededRandom(`world/${name}`) }
  return world
}

export const identityOf = (name: string): Identity<P256PrivateKey> =>
  createIdentity(NOW, seededRandom(`peer/${name}`)).identity

export const alice = identityOf('alice')
export const bob = identityOf('bob')
export const mallory = identityOf('mallory')

/** Sends any value as a frame, also one that no side would send. */
export const send = (channel: Channel, frame: CborValue): Promise<void> => channel.stream.send(encodeCbor(frame))

/** Lets everything run that waits for nothing but memory. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** The code with which `work` rejects; undefined when it resolves. */
export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

export const isSettled = async (work: Promise<unknown>): Promise<boolean> => {
  let settled = false
  const done = (): void => {
    settled = true
  }
  work.then(done, done)
  await settle()
  return settled
}

export const dialing = (identity: Identity, target: Identity, changed: Partial<Initiating> = {}): Initiating => ({
  identity: { ...identity, inc: makeBytes('near/inc', 16) },
  known: target.log,
  floor: null,
  world: makeWorld('dialing'),
  ...changed,
})

export const answering = (identity: Identity, changed: Partial<Answering> = {}): Answering => ({
  identity,
  inc: makeBytes('far/inc', 16),
  transport: makeBytes('far', 32),
  world: makeWorld('answering'),
  vet: async () => {},
  ...changed,
})

export const connectionOf = (
  channel: Channel,
  met: Met,
  own: Identity,
  name: string,
  services: readonly Service[] = [],
): Connection =>
  createConnection(channel, met.session, {
    peer: met.log.id,
    device: met.device,
    remote: describeRemote(met.log, own.log, {
      trust: { identity: 'unknown', freshness: 'current', reason: 'a test' },
      direction: 'in',
      change: 'none',
    }),
    world: makeWorld(`connection/${name}`),
    services,
  })

/** The whole handshake between two channels. */
export const shakeHands = async (
  pair: MemoryPair,
  near: Identity,
  far: Identity,
): Promise<{
  readonly nearChannel: Channel
  readonly farChannel: Channel
  readonly nearMet: Met
  readonly farMet: Met
}> => {
  const [nearChannel, farChannel] = [openChannel(pair.near), openChannel(pair.far)]
  const [nearMet, farMet] = await Promise.all([
    initiateLive(nearChannel, dialing(near, far)),
    answerLive(farChannel, answering(far)),
  ])
  return { nearChannel, farChannel, nearMet, farMet }
}

/** Alice and Bob, connected. */
export const startConversation = async (services: readonly [readonly Service[], readonly Service[]] = [[], []]) => {
  const pair = createPair()
  const met = await shakeHands(pair, alice, bob)
  return {
    pair,
    alice: connectionOf(met.nearChannel, met.nearMet, alice, 'alice', services[0]),
    bob: connectionOf(met.farChannel, met.farMet, bob, 'bob', services[1]),
  }
}

/** A peer that authenticated itself and keeps no other rule. */
export type Puppet = {
  readonly channel: Channel
  /** Encrypts any value as the next message. */
  say(payload: CborValue): Promise<void>
  /** Encrypts a message and returns its frame without sending it. */
  seal(payload: CborValue): Uint8Array
  sendFrame(frame: CborValue): Promise<void>
  /** The next frame or, decrypted, the next payload; null at the end. */
  hear(): Promise<Record<string, unknown> | null>
  /** Passes over everything up to the first that has this `k` or `t`. */
  hearUntil(type: string): Promise<Record<string, unknown>>
}

export const createPuppet = (channel: Channel, begun: Session): Puppet => {
  const surroundings = { now: NOW, random: seededRandom('puppet') }
  let session = begun
  const seal: Puppet['seal'] = (payload) => {
    const sent = encryptMessage(session, encodeCbor(payload), surroundings)
    session = sent.session
    return encodeCbor({ t: 'msg', h: sent.message.header, d: sent.message.token })
  }
  const hear: Puppet['hear'] = async () => {
    const frame = await channel.next()
    if (frame?.t !== 'msg') return frame
    const opened = decryptMessage(session, { header: frame.h, token: frame.d }, surroundings)
    session = opened.session
    return decodeCbor(opened.plaintext) as Record<string, unknown>
  }
  return {
    channel,
    seal,
    hear,
    say: (payload) => channel.stream.send(seal(payload)),
    sendFrame: (frame) => send(channel, frame),
    hearUntil: async (type) => {
      for (let said = await hear(); said !== null; said = await hear())
        if (said.k === type || said.t === type) return said
      assert.fail(`never said ${type}`)
    },
  }
}

/** Mallory in conversation with Bob. */
export const startWithMallory = async (services: readonly Service[] = []) => {
  const pair = createPair()
  const met = await shakeHands(pair, mallory, bob)
  return {
    pair,
    mallory: createPuppet(met.nearChannel, met.nearMet.session),
    bob: connectionOf(met.farChannel, met.farMet, bob, 'bob', services),
  }
}

/** A folder of one test's own. */
export const makeTemporary = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
