import assert from 'node:assert/strict'
import { beaconKey, encodeAnswer, encodeQuestion } from '../../src/core/beacon.ts'
import { hex } from '../../src/core/bytes.ts'
import { fromHex } from '../core/test-bytes.ts'
import { type BeaconVector, readBeacon } from './beacon.ts'

/** What each vector of the beacon's datagrams says, held against the code; a mismatch throws. */

const checkBeacon = ({ id, host, port, datagram, ...said }: BeaconVector & { readonly description: string }): void => {
  const { description: _, ...result } = said
  assert.deepEqual(readBeacon(fromHex(id), fromHex(datagram), { host, port }), result)
  const [key, nonce] = [beaconKey(fromHex(id)), fromHex(result.nonce ?? '')]
  if (result.result === 'question') assert.equal(hex(encodeQuestion(key, nonce, { host, port })), datagram)
  if (result.result === 'answer')
    assert.equal(hex(encodeAnswer(key, nonce, { host, port: result.node ?? 0 })), datagram)
}

export const lanChecks: { readonly [folder: string]: (vector: never) => void } = { beacon: checkBeacon }
