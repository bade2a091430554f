import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import { initiate } from '../../src/core/handshake.ts'
import { decodeHello } from '../../src/core/hello.ts'
import { decapsulate } from '../../src/core/kem.ts'
import { generatePrivateKey } from '../../src/core/p256.ts'
import { QUICKLY } from '../node-command.ts'
import { ecdh } from './handmade-hello.ts'
import { at, envelopesOf } from './identities.ts'
import { makeMeeting, surroundings } from './sessions.ts'
import { seededRandom } from './test-bytes.ts'

/** What is said to be wiped is looked for in the memory of a process that had it (Linux only: others do not show a process its memory). */

const CHILD = join(import.meta.dirname, 'memory-child.ts')

const meeting = makeMeeting('memory')
const [ikA, ikB] = [at(meeting.alice.devices, 0).ik, at(meeting.bob.devices, 0).ik]
const { spk, kem } = meeting.prekeys

const count = (deed: string, told: object, secrets: Readonly<Record<string, Uint8Array>>): unknown => {
  const inverted = Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [name, hex(secret.map((byte) => byte ^ 0xff))]),
  )
  const input = JSON.stringify({ ...told, inverted })
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', ...QUICKLY, CHILD, deed], {
    input,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const none = (secrets: object): unknown => Object.fromEntries(Object.keys(secrets).map((name) => [name, 0]))

const only = { skip: process.platform !== 'linux' }

test('§8 neither side of a handshake has a shared secret left in memory', only, () => {
  const { hello } = initiate(meeting.initiation, surroundings('memory/alice'))
  const ek = generatePrivateKey(seededRandom('memory/alice'))
  const [es1, es2, se] = [ecdh(ikB.publicKey, ek), ecdh(spk.publicKey, ek), ecdh(spk.publicKey, ikA)]
  assert.deepEqual(decodeHello(hello).ek, ek.publicKey)
  const ii = ecdh(ikB.publicKey, ikA)
  const shared = { es1, es2, se, ii }
  assert.deepEqual(count('initiate', {}, shared), none(shared))
  const { card, channel } = meeting.response
  const log = envelopesOf(meeting.bob.log).map(hex)
  const told = { log, card: hex(card.envelope), channel: hex(channel), hello: hex(hello) }
  const theirs = { es1, es2, se, ii, ss: decapsulate(kem, decodeHello(hello).ct) }
  assert.deepEqual(count('respond', told, theirs), none(theirs))
  const control = count('nothing', {}, theirs) as Record<string, number>
  assert.ok(Object.values(control).every((found) => found > 0))
})
