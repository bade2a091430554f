/** Mallory's process. She has what anybody on the network has; whatever more she is given, the demo says so. */

import { readFile } from 'node:fs/promises'
import { encodeAddress } from '../src/core/address.ts'
import { hex } from '../src/core/bytes.ts'
import { decodeAddress } from '../src/index.ts'
import { type Relay, type Relayed, startRelay, type Tampering } from './attacks/between.ts'
import { type Attempts, look, type Seen, search, tryKeys } from './attacks/eavesdropper.ts'
import { startEclipse } from './attacks/eclipse.ts'
import { type Reception, storeForgeries } from './attacks/forged-card.ts'
import { type Hand, takeHand } from './attacks/hand.ts'
import { type Liar, type Liars, startLiars } from './attacks/lying-nodes.ts'
import { type Replay, replayHello, replayInside, replayMessage } from './attacks/replay.ts'
import { joinStrangers, type Spoiling, type Strangers } from './attacks/strangers.ts'
import { serve } from './calls.ts'
import { decodeCapture } from './capture.ts'
import { refusedBy } from './person.ts'
import type { Overheard } from './wiretap.ts'

export type Mallory = {
  /** Joins the network and keeps what it says of Bob. */
  open(bootstrap: readonly string[], bob: string): Promise<Entrance>
  /** Reads every frame of Alice's and Bob's conversation. */
  eavesdrop(capture: string): Promise<Seen>
  /** How often the needles of each group occur in what she overheard. */
  search(groups: readonly (readonly Uint8Array[])[]): Promise<readonly number[]>
  tryKeys(): Promise<Attempts>
  storeForgeries(): Promise<readonly Reception[]>
  startLiars(honestPorts: readonly number[]): Promise<readonly Liar[]>
  /** Questions her nodes answered with a lie. */
  liesTold(): Promise<number>
  tellThePast(): Promise<void>
  /** Listens between Alice and Bob; resolves with the transport key that leads to her. */
  standBetween(): Promise<Uint8Array>
  relayOne(tampering: Tampering): Promise<Relayed>
  replayHello(): Promise<Replay>
  replayMessage(): Promise<Replay>
  replayInside(): Promise<string>
  startEclipse(): Promise<readonly string[]>
  /** Joins a network of strangers with nodes that lie there. */
  joinStrangers(network: string): Promise<number>
  /** Takes what a folder holds, as who has the device does, and writes over the card in its slot. */
  spoilSlot(folder: string): Promise<Spoiling>
  /** Tries to write to where the next slot will be, with all that was in the folder. */
  seizeNext(): Promise<Spoiling>
  refusedPackets(): Promise<number | null>
  close(): Promise<void>
}

/** Her own address, and the head (hex) of Bob's log as she keeps it. */
export type Entrance = { readonly pid: number; readonly address: string; readonly head: string }

export const createMallory = (): Mallory => {
  let hand: Hand | undefined
  let overheard: readonly Overheard[] = []
  let liars: Liars | undefined
  let relay: Relay | undefined
  let strangers: Strangers | undefined

  const have = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('Mallory is not ready for this')
    return part
  }
  return {
    open: async (bootstrap, bob) => {
      hand = await takeHand(bootstrap, decodeAddress(bob))
      const address = encodeAddress(hand.identity.log.id)
      return { pid: process.pid, address, head: hex(hand.bob.log.last.hash) }
    },
    eavesdrop: async (capture) => {
      overheard = decodeCapture(await readFile(capture))
      return look(overheard)
    },
    search: async (groups) => search(overheard, groups),
    tryKeys: async () => tryKeys(have(hand), overheard),
    storeForgeries: () => storeForgeries(have(hand)),
    startLiars: async (honestPorts) => {
      liars = await startLiars(have(hand), honestPorts)
      return liars.liars
    },
    liesTold: async () => have(liars).told(),
    tellThePast: async () => have(liars).tellThePast(),
    standBetween: async () => {
      relay = await startRelay(have(hand))
      return relay.key
    },
    relayOne: (tampering) => have(relay).relayOne(tampering),
    replayHello: () => replayHello(have(hand), overheard),
    replayMessage: () => replayMessage(have(hand), overheard),
    replayInside: () => replayInside(have(hand), overheard),
    startEclipse: () => startEclipse(have(hand)),
    joinStrangers: async (network) => {
      strangers = await joinStrangers(network)
      return strangers.liars.length
    },
    spoilSlot: (folder) => have(strangers).spoil(folder),
    seizeNext: () => have(strangers).seizeNext(),
    refusedPackets: async () => refusedBy([...(hand?.nodes ?? []), ...(strangers?.nodes ?? [])]),
    close: async () => {
      await Promise.all((strangers?.nodes ?? []).map((node) => node.close()))
      await hand?.transport.close()
      await Promise.all((hand?.nodes ?? []).map((node) => node.close()))
    },
  }
}

if (import.meta.main) serve(createMallory())
