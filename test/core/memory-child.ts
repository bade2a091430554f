/**
 * Child of wiped-memory.test.ts: does one thing with secrets and looks for them in all of its own memory. It is told what to look for with
 * every byte inverted, so that it does not find what it was told. `node --expose-gc memory-child.ts <deed>`; JSON on stdin.
 */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { verifyLiveCard } from '../../src/core/card.ts'
import { initiate, respond } from '../../src/core/handshake.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import { at, makeDevice, makePrekeys, NOW } from './identities.ts'
import { makeMeeting, surroundings } from './sessions.ts'

const told = JSON.parse(await text(process.stdin)) as {
  readonly inverted: Readonly<Record<string, string>>
  readonly [name: string]: unknown
}
const { inverted } = told
const bytesOf = (name: string): Uint8Array => Uint8Array.from(Buffer.from(String(told[name]), 'hex'))

const kept: unknown[] = []

/** Bob, with the log and the card that the hello was made for. */
const respondTo = (): unknown => {
  const envelopes = (told.log as string[]).map((one) => Uint8Array.from(Buffer.from(one, 'hex')))
  const log = verifyLog(blake2b256(at(envelopes, 0)), envelopes)
  const channel = bytesOf('channel')
  const card = verifyLiveCard(bytesOf('card'), log, NOW, channel)
  const self = { log, device: 0, ik: makeDevice('bob/device/0').ik }
  return respond({ self, card, ...makePrekeys('memory'), channel }, bytesOf('hello'), surroundings('memory/bob'))
}

/** Alice, who knows the same keys of Bob by another log. */
const initiateTo = (): unknown => {
  const meeting = makeMeeting('memory')
  // It was made for other tests, with secrets in it.
  meeting.handmade.se.fill(0)
  meeting.handmade.ii.fill(0)
  return initiate(meeting.initiation, surroundings('memory/alice'))
}

const DEEDS: Readonly<Record<string, () => void>> = {
  initiate: () => void kept.push(initiateTo()),
  respond: () => void kept.push(respondTo()),
  /** The control: what is not wiped is found. */
  nothing: () =>
    void kept.push(...Object.values(inverted).map((hex) => Buffer.from(hex, 'hex').map((byte) => byte ^ 0xff))),
}

const BLOCK = 1 << 20
const OVERLAP = 64

const HEAD = 12

/** How often each lies in writable memory. Of what is looked for only the head is here as it is; the rest is compared inverted. */
const search = (): Record<string, number> => {
  const needles = Object.entries(inverted).map(([name, given]) => {
    const bytes = Buffer.from(given, 'hex')
    return { name, head: Buffer.from(bytes.subarray(0, HEAD)).map((byte) => byte ^ 0xff), rest: bytes.subarray(HEAD) }
  })
  const counts: Record<string, number> = Object.fromEntries(needles.map(({ name }) => [name, 0]))
  const block = Buffer.alloc(BLOCK + OVERLAP)
  const memory = openSync('/proc/self/mem', 'r')
  const look = (size: number): void => {
    for (const { name, head, rest } of needles)
      for (let place = block.indexOf(head); place >= 0 && place < size; place = block.indexOf(head, place + 1))
        if (rest.every((byte, index) => byte === (~(block[place + HEAD + index] ?? 0) & 0xff)))
          counts[name] = (counts[name] ?? 0) + 1
  }
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [from = 0, to = 0] = (/^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [])
      .slice(1)
      .map((one) => Number.parseInt(one, 16))
    for (let at = from; at < to; at += BLOCK) {
      try {
        look(readSync(memory, block, 0, Math.min(BLOCK + OVERLAP, to - at), at))
      } catch {
        // Some of it cannot be read by anyone.
      }
      block.fill(0)
    }
  }
  closeSync(memory)
  return counts
}

const [deed = ''] = process.argv.slice(2)
DEEDS[deed]?.()
/** Key objects without a reference are cleared by OpenSSL when they are collected, of which nobody says when: what stays is there every time. */
const SEARCHES = deed === 'nothing' ? 1 : 3
let found: Record<string, number> = {}
for (let tries = 0; tries < SEARCHES; tries++) {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    ;(globalThis as { gc?: () => void }).gc?.()
  }
  found = search()
  if (Object.values(found).every((count) => count === 0)) break
}
process.stdout.write(JSON.stringify(found))
if (kept.length > 99) process.exit(1)
