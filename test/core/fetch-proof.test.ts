import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCbor } from '../../src/core/cbor.ts'
import { checkFetch, type FetchClaim, signFetch } from '../../src/core/fetch-proof.ts'
import { LABEL_CARD, LABEL_MAILBOX_FETCH } from '../../src/core/labels.ts'
import { failsWith, flip, makeBytes, makeKey, signDraft } from './identities.ts'

const sign = makeKey('fetch/sign')
const claim: FetchClaim = {
  challenge: makeBytes('challenge', 32),
  channel: makeBytes('channel', 64),
  mailbox: makeBytes('mailbox', 32),
  recipient: makeBytes('recipient', 32),
}

test('§5 a claim that its device signed is proven', () => {
  checkFetch(signFetch(claim, sign), claim, sign.publicKey)
})

test('§5 it proves nothing for another challenge, connection, mailbox, recipient or key', () => {
  const envelope = signFetch(claim, sign)
  for (const name of ['challenge', 'channel', 'mailbox', 'recipient'] as const)
    assert.throws(
      () => checkFetch(envelope, { ...claim, [name]: flip(claim[name]) }, sign.publicKey),
      failsWith('ERR_MAILBOX_PROOF'),
      name,
    )
  assert.throws(() => checkFetch(envelope, claim, makeKey('other').publicKey), failsWith('ERR_MAILBOX_PROOF'))
})

test('§5 a signature for another use, of another form or changed is none', () => {
  const fields = { v: 1, ...claim }
  checkFetch(signDraft(fields, sign, LABEL_MAILBOX_FETCH), claim, sign.publicKey)
  for (const envelope of [
    signDraft(fields, sign, LABEL_CARD),
    signDraft({ ...fields, v: 2 }, sign, LABEL_MAILBOX_FETCH),
    signDraft({ ...fields, more: 0 }, sign, LABEL_MAILBOX_FETCH),
    flip(signFetch(claim, sign)),
    encodeCbor('no'),
    new Uint8Array(0),
    new Uint8Array(1000),
  ])
    assert.throws(() => checkFetch(envelope, claim, sign.publicKey), failsWith('ERR_MAILBOX_PROOF'))
})
