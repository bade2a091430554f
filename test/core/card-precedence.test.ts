import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyLiveCard } from '../../src/core/card.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { LABEL_LIVE_CARD } from '../../src/core/labels.ts'
import {
  at,
  type Draft,
  failsWith,
  makeBytes,
  makeIdentity,
  makeKey,
  makePrekeys,
  NOW,
  presentCard,
  publicOf,
  signDraft,
} from './identities.ts'

const bob = makeIdentity('bob')
const channel = makeBytes('channel', 64)
const phone = at(bob.devices, 0).sign
const valid: Draft = { ...presentCard(bob, makePrekeys('bob'), channel).card }
const retired = updateLog(bob.log, at(bob.roots, 0), {
  devices: publicOf(bob.devices),
  status: 'retired',
  time: NOW,
})

type Fault = {
  readonly code: ErrorCode
  readonly fields?: Draft
  readonly retired?: true
  readonly stranger?: true
  readonly later?: true
}

/** In the order in which they must be reported. */
const faults: readonly Fault[] = [
  { code: 'ERR_CARD_SIZE', fields: { pad: new Uint8Array(900) } },
  { code: 'ERR_CARD_DECODE', fields: { note: null } },
  { code: 'ERR_CARD_ID', fields: { id: makeBytes('id', 32) } },
  { code: 'ERR_CARD_HEAD', fields: { seq: 7 } },
  { code: 'ERR_CARD_RETIRED', retired: true },
  { code: 'ERR_CARD_DEVICE', fields: { device: 6 } },
  { code: 'ERR_CARD_SIGNATURE', stranger: true },
  { code: 'ERR_CARD_WINDOW', fields: { until: NOW + 8 * 24 * 3600 } },
  { code: 'ERR_CARD_AHEAD', fields: { serial: (NOW + 30 * 24 * 3600) * 1000 } },
  { code: 'ERR_CARD_EXPIRED', later: true },
  { code: 'ERR_CARD_CHANNEL', fields: { channel: makeBytes('another', 64) } },
]

const verify = (chosen: readonly Fault[]) => {
  const log = chosen.some((fault) => fault.retired) ? retired : bob.log
  const fields = Object.assign({}, ...chosen.map((fault) => fault.fields)) as Draft
  const draft = { ...valid, seq: log.last.entry.seq, head: log.last.hash, ...fields }
  const key = chosen.some((fault) => fault.stranger) ? makeKey('stranger') : phone
  const now = chosen.some((fault) => fault.later) ? NOW + 10 * 24 * 3600 : NOW
  return verifyLiveCard(signDraft(draft, key, LABEL_LIVE_CARD), log, now, channel)
}

test('§3 a card without a fault is accepted', () => {
  assert.deepEqual(verify([]).card.channel, channel)
})

for (const [index, first] of faults.entries()) {
  test(`§3 ${first.code} alone`, () => {
    assert.throws(() => verify([first]), failsWith(first.code))
  })
  for (const second of faults.slice(index + 1))
    test(`§3 ${first.code} is reported before ${second.code}`, () => {
      assert.throws(() => verify([first, second]), failsWith(first.code))
    })
}
