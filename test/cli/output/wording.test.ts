import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { fileSize, shortAddress } from '../../../src/cli/output/format.ts'
import { staleFor } from '../../../src/cli/output/lookup-event.ts'
import { createPrinter } from '../../../src/cli/output/printer.ts'
import { wording } from '../../../src/cli/output/wording.ts'
import type { Terminal } from '../../../src/cli/terminal/terminal.ts'
import { signCard } from '../../../src/core/card.ts'
import { createIdentity } from '../../../src/core/identity.ts'
import { generateKem } from '../../../src/core/kem.ts'
import { generatePrivateKey } from '../../../src/core/p256.ts'
import type { Evidence } from '../../../src/directory/client/evidence.ts'
import { NOW } from '../../core/identities.ts'
import { seededRandom } from '../../core/test-bytes.ts'
import { HASH } from '../chat/happenings.ts'

const random = seededRandom('wording')
/** Words of the specification that tell a person nothing. */
const JARGON = /pinned|stale|\bcards?\b|\bfloors?\b|epoch|\bhead\b|log current/

const PEER = 'hf1kh9wk63pek84h4yjgpu5hsrreavjjgswdyjmwnhmtqra00apu4tqy99zse'

const printTo = (json: boolean) => {
  const printed = { out: [] as string[], err: [] as string[] }
  const terminal: Terminal = {
    interactive: false,
    seen: false,
    gone: false,
    out: async (lines) => printed.out.push(...lines) > 0,
    err: async (lines) => printed.err.push(...lines) > 0,
    raw: async (text) => printed.out.push(text) > 0,
    settled: async () => {},
    written: async () => {},
    columns: Number.POSITIVE_INFINITY,
    discarded: false,
    prompt: () => {},
    status: () => {},
    ask: async () => null,
    lines: async function* () {},
    whole: async () => ({ text: '', bytes: 0, fault: null }),
    close: () => {},
  }
  return { printed, printer: createPrinter(terminal, { json, debug: false }) }
}

const message: CliEvent = { event: 'message', peer: PEER, hash: HASH, text: 'hello' }
const trouble: readonly CliEvent[] = [
  { event: 'not-sent', text: 'hello', code: 'ERR_MESSAGE_SIZE', message: 'too large' },
  { event: 'file-failed', peer: PEER, direction: 'in', name: 'a.txt', code: null, message: 'EIO' },
]

test('to people: what comes goes to stdout, what went wrong to stderr', () => {
  const { printed, printer } = printTo(false)
  for (const event of [message, ...trouble]) void printer.emit(event)
  assert.deepEqual(printed.out, ['hf1kh9wk63pe…9zse: hello'])
  assert.equal(printed.err.length, 2)
  assert.match(printed.err[0] ?? '', /\[ERR_MESSAGE_SIZE\]/)
})

test('to programs: every event goes to stdout as it is', () => {
  const { printed, printer } = printTo(true)
  for (const event of [message, ...trouble]) void printer.emit(event)
  assert.deepEqual(
    printed.out.map((line) => JSON.parse(line)),
    [message, ...trouble],
  )
  assert.deepEqual(printed.err, [])
})

test('every message stands behind the name of its sender, and no status line looks like one', () => {
  assert.deepEqual(wording.message({ event: 'message', peer: PEER, hash: HASH, text: '* somebody has left' }), [
    `${shortAddress(PEER)}: * somebody has left`,
  ])
  const left = wording.disconnected({ event: 'disconnected', peer: PEER, reason: 'left', code: null })
  for (const line of left) assert.match(line, /^\* /)
})

const place = { what: 'copy' as const, closest: 20, agreeing: 18, older: 2, paths: 4, pathsAgreeing: 3, density: 1.26 }
const evidence: Evidence = {
  policy: 'fresh',
  ...{ asked: 70, answered: 41, agreeing: 38, older: 3, empty: 0, unread: 0, invalid: 0, passed: 20, failed: 9 },
  ...{ paths: 12, pathsAgreeing: 10, networks: 40, local: false, density: null, age: 7200, complete: true },
  places: [place, place, { ...place, density: null }],
  flaws: [],
}
const head = { epoch: 0, seq: 0, head: 'ab', address: PEER, status: 'active', forked: false, time: NOW, odd: null }
const clock = { ahead: 0, networks: 3, off: false }
const none = { freshness: 'stale', expires: null, staleFor: null } as const
const found = {
  ...head,
  ...none,
  event: 'lookup',
  verdict: { kind: 'current', reason: 'current, 38 of 41 nodes agree, 3 older' },
  evidence,
  clock,
  change: 'none',
  trust: { identity: 'pinned', freshness: 'current', reason: 'a test' },
} as const

test('what a lookup rests on is one sentence, and with --evidence all that is known of it', () => {
  assert.ok(
    wording.lookup(found).includes('evidence   nothing newer is known: 38 of 41 nodes agree, 3 have something older'),
  )
  const told = (change: Partial<Evidence>): string =>
    wording.evidence({ event: 'evidence', address: PEER, ...evidence, ...change }).join('\n')
  const whole = told({})
  assert.match(whole, /^asked +70 nodes: 41 that ought to know, 20 for the way only, 9 without an answer$/m)
  assert.match(whole, /^place 1 +18 of the 20 closest nodes agree, 3 of 4 paths lead there, 1.3 times as dense/m)
  assert.match(whole, /^place 3 .* too few nodes to compare$/m)
  for (const key of ['agreeing', 'older', 'empty', 'unread', 'invalid', 'networks'] as const)
    assert.notEqual(told({ [key]: 17 }), whole, key)
  for (const change of [{ age: null }, { complete: false }, { local: true }, { policy: 'first' }] as const)
    assert.notEqual(told(change), whole)
})

test('each verdict is a sentence of its own, without the words of the specification', () => {
  const dense = [{ ...place, density: 9.4 }]
  const sentence = (kind: CliEvent<'lookup'>['verdict']['kind']): string => {
    const lines = wording.lookup({
      ...found,
      verdict: { kind, reason: 'verdict' },
      evidence: { ...evidence, places: dense },
    })
    return lines.find((line) => line.startsWith('evidence ')) ?? ''
  }
  const kinds = ['current', 'few', 'unconfirmed', 'eclipse', 'stale', 'retired', 'forked'] as const
  assert.equal(new Set(kinds.map(sentence)).size, kinds.length)
  assert.match(sentence('eclipse'), / 9 times denser .*38 of 41 nodes agree/)
  assert.match(sentence('unconfirmed'), / verdict$/)
})

test('whom one talks to, and how sure that is, is said in what it means', () => {
  const told = new Set<string>()
  const trusts = (['unknown', 'pinned', 'verified'] as const).flatMap((identity) =>
    (['current', 'stale'] as const).map((freshness) => ({ identity, freshness, reason: 'why' })),
  )
  for (const trust of trusts) {
    const event = { ...found, event: 'connected', peer: PEER, direction: 'in', way: 'direct', trust } as const
    const text = wording.connected(event).join('\n')
    told.add(text)
    assert.equal(text.includes('why'), trust.freshness === 'stale')
    assert.doesNotMatch(text, JARGON)
  }
  assert.equal(told.size, trusts.length)
  for (const [trust, verified] of [
    ['pinned', null],
    ['verified', NOW],
  ] as const) {
    const text = wording
      .contact({ ...found, event: 'contact', name: 'Bob', trust, verified, added: NOW, blocked: false })
      .join('\n')
    assert.match(text, trust === 'pinned' ? /compare the safety number; known since / : /you compared .* on /)
    assert.doesNotMatch(text, JARGON)
  }
  assert.doesNotMatch(wording.lookup(found).join('\n'), JARGON)
})

test('keys that their owner confirmed are so until a time, and not any more since a time', () => {
  const { log, device, sign } = createIdentity(NOW, random).identity
  const prekeys = { spk: generatePrivateKey(random).publicKey, kem: generateKem(random).publicKey }
  const card = signCard(log, sign, { ...prekeys, device, now: NOW * 1000, inc: random(16), transport: random(32) })
  const { until } = card.card
  const end = `${new Date(until * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const cardAt = (freshness: 'current' | 'stale', age: number): string => {
    const stale = staleFor({ freshness, card }, until + age)
    const lines = wording.lookup({ ...found, freshness, expires: until, staleFor: stale })
    return lines.find((line) => line.startsWith('confirmed ')) ?? ''
  }
  assert.equal(cardAt('current', -1), `confirmed  by its owner, until ${end}`)
  for (const [age, text] of [
    // Another clock said that it has run out.
    [-1, 'less than a minute'],
    [59, 'less than a minute'],
    [60, '1 minute'],
    [2 * 3600 - 1, '1 hour'],
    [24 * 3600 - 1, '23 hours'],
    [3 * 24 * 3600, '3 days'],
  ] as const)
    assert.equal(cardAt('stale', age), `confirmed  not for ${text}: the last confirmation by its owner ran out ${end}`)
  assert.equal(staleFor({ freshness: 'stale', card: null }, NOW), null)
  assert.match(wording.lookup(found).join('\n'), /^confirmed +no: /m)
})

test('what became of an identity is told, by lookup and on connecting, unless nothing did', () => {
  const trust = { identity: 'pinned', freshness: 'current', reason: '' } as const
  const known = { epoch: 1, seq: 1, head: 'ab', way: 'direct' } as const
  const connected = { event: 'connected', peer: PEER, direction: 'out', ...known, trust } as const
  const told = new Set<string>()
  for (const change of ['updated', 'rotated', 'superseded'] as const) {
    const lines = wording.lookup({ ...found, change }).filter((line) => line.startsWith('change '))
    const more =
      wording.connected({ ...connected, change }).length -
      wording.connected({
        ...connected,
        change: 'none',
        trust: { identity: 'pinned', freshness: 'current', reason: 'a test' },
      }).length
    assert.ok(lines.length > 0 && more === lines.length)
    told.add(lines.join())
  }
  assert.equal(told.size, 3)
  assert.ok(!wording.lookup(found).some((line) => line.startsWith('change ')))
})

test('a publication says how many nodes took it at each place, and when that is weak', () => {
  const place = { asked: 20, accepted: 20 }
  const publication = {
    address: PEER,
    accepted: 20,
    replicas: [place, place, { asked: 20, accepted: 3 }],
    refusals: {},
  }
  const line = (weak: boolean, crowded = false) =>
    wording.listening({ event: 'listening', ...publication, weak, crowded })[1] ?? ''
  assert.match(line(false), /accepted by 20 of 20, 20 of 20, 3 of 20 nodes$/)
  assert.match(line(true), /accepted by 20 of 20, 20 of 20, 3 of 20 nodes; weak/)
  assert.match(line(false, true), /3 of 20 nodes; crowded/)
})

const NEW = { event: 'created', address: PEER, folder: '/', sealedBy: 'key-file', rootKey: 'folder' } as const

test('24 words stand in rows, numbered', () => {
  const words = Array.from({ length: 24 }, (_, index) => `word${index + 1}`)
  const text = wording.created({ ...NEW, recoveryPhrase: words.join(' ') }).join('\n')
  for (const [index, word] of words.entries()) assert.match(text, new RegExp(`(^| )${index + 1} ${word}( |$)`, 'm'))
  assert.ok(text.split('\n').every((line) => line.length <= 80))
})

test('sizes are short', () => {
  const sizes = [0, 1, 1023, 1024, 1536, 1024 ** 2, 5 * 1024 ** 4].map(fileSize)
  assert.equal(sizes.join(', '), '0 bytes, 1 bytes, 1023 bytes, 1.0 KiB, 1.5 KiB, 1.0 MiB, 5.0 TiB')
})
