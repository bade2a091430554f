import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { VISIT_WINDOW } from '../../src/core/limits/connection-limits.ts'
import { MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { makeBytes } from '../core/identities.ts'
import { allRuns } from '../runs.ts'
import { alice as aliceIdentity, bob as bobIdentity, codeOf, isSettled, settle } from './sides.ts'
import { nextText, startTalk, textOf } from './talks.ts'

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

test('§8 bytes arrive as they were sent, in order, both ways', async () => {
  const { alice, bob } = await startTalk()
  const data = [0, 1, 15, 16, 4_096, MESSAGE_BYTES_MAX].map((size) => makeBytes(`data/${size}`, size))
  for (const [from, to] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await Promise.all(data.map((bytes) => from.send(bytes)))
    for (const bytes of data) assert.deepEqual(await to.receive(), bytes)
  }
})

test('§8 each side knows whom it talks to', async () => {
  const { alice, bob } = await startTalk()
  assert.equal(alice.remote.head, Buffer.from(bobIdentity.log.last.hash).toString('hex'))
  assert.deepEqual([bob.remote.epoch, bob.remote.seq], [0, aliceIdentity.log.last.entry.seq])
  assert.equal(alice.remote.safetyNumber, bob.remote.safetyNumber)
  assert.notEqual(alice.remote.address, bob.remote.address)
})

test('§8 what is above 32 KiB is refused here, and nothing else is harmed', async () => {
  const { alice, bob } = await startTalk()
  assert.equal(await codeOf(alice.send(new Uint8Array(MESSAGE_BYTES_MAX + 1))), 'ERR_MAILBOX_REQUEST')
  for (const text of numbers(VISIT_WINDOW)) await alice.send(text)
  assert.equal(await nextText(bob), '0')
})

test('§8 at most 64 messages are unread; sending goes on, in order, as they are taken', async () => {
  const { alice, bob } = await startTalk()
  const texts = numbers(allRuns ? 500 : 200)
  let sent = 0
  const sending = texts.map(async (text) => {
    await alice.send(text)
    sent += 1
  })
  await settle()
  assert.equal(sent, VISIT_WINDOW)
  await bob.send('the other direction is free')
  assert.equal(await nextText(alice), 'the other direction is free')
  for (const text of texts) assert.equal(await nextText(bob), text)
  await Promise.all(sending)
})

test('§8 there is room again when a quarter was taken, not only when all was', async () => {
  const { alice, bob } = await startTalk()
  for (const text of numbers(VISIT_WINDOW)) await alice.send(text)
  const waiting = numbers(VISIT_WINDOW / 4).map((text) => alice.send(text))
  for (let count = 0; count < VISIT_WINDOW / 4; count++) await bob.receive()
  await Promise.all(waiting)
})

test('§8 a message in the gap that a report opens does not overtake those that wait', async () => {
  const { alice, bob } = await startTalk()
  const sending = numbers(70).map((text) => alice.send(text))
  const received: string[] = []
  const answering = (async () => {
    for await (const said of alice) sending.push(alice.send(`after ${textOf(said)}`))
  })()
  for (let count = 0; count < 80; count++) {
    received.push(await nextText(bob))
    if (count % 7 === 0 && count < 70) await bob.send(`${count}`)
  }
  await Promise.all(sending)
  const plain = received.filter((text) => !text.startsWith('after'))
  assert.deepEqual(plain, numbers(70))
  assert.deepEqual(received.slice(0, 70), numbers(70))
  await bob.close()
  await answering
})

test('§8 a buffer may be used again as soon as send was called', async () => {
  const { alice, bob } = await startTalk()
  const sending = numbers(VISIT_WINDOW).map((text) => alice.send(text))
  const buffer = utf8('before')
  sending.push(alice.send(buffer))
  buffer.set(utf8('after!'))
  for (let count = 0; count < VISIT_WINDOW; count++) await bob.receive()
  assert.equal(await nextText(bob), 'before')
  await Promise.all(sending)
})

test('a signal ends the wait to send: nothing was sent, and no place in the window is lost', async () => {
  const { alice, bob } = await startTalk()
  for (const text of numbers(VISIT_WINDOW)) await alice.send(text)
  const reason = new Error('changed my mind')
  const abort = new AbortController()
  const aborted = alice.send('never', { signal: abort.signal })
  const patient = alice.send('patient')
  abort.abort(reason)
  await assert.rejects(aborted, reason)
  await assert.rejects(alice.send('neither', { signal: abort.signal }), reason)
  for (const text of numbers(VISIT_WINDOW)) assert.equal(await nextText(bob), text)
  await patient
  assert.equal(await nextText(bob), 'patient')
  const rest = numbers(VISIT_WINDOW).map((text) => alice.send(text))
  await Promise.all(rest)
})

test('a signal ends the wait to receive, and no message is lost', async () => {
  const { alice, bob } = await startTalk()
  const reason = new Error('changed my mind')
  const abort = new AbortController()
  const [aborted, patient] = [bob.receive({ signal: abort.signal }), bob.receive()]
  abort.abort(reason)
  await assert.rejects(aborted, reason)
  await assert.rejects(bob.receive({ signal: abort.signal }), reason)
  await alice.send('for the patient')
  assert.deepEqual(await patient, utf8('for the patient'))
})

test('§8 what was sent before a goodbye still arrives; then there is nothing, and nothing can be sent', async () => {
  const { alice, bob } = await startTalk()
  for (const text of ['one', 'two']) await alice.send(text)
  await alice.close()
  assert.deepEqual([await nextText(bob), await nextText(bob)], ['one', 'two'])
  assert.deepEqual([await bob.receive(), await bob.receive(), await alice.receive()], [null, null, null])
  for (const side of [alice, bob]) {
    await side.closed
    assert.equal(await codeOf(side.send('late')), 'ERR_CONNECTION_CLOSED')
    await side.close()
  }
})

test('§8 an end without goodbye is a loss: what came before it is read first', async () => {
  const { pair, alice, bob } = await startTalk()
  await alice.send('one')
  await settle()
  pair.cut()
  await Promise.all([alice.closed, bob.closed])
  assert.equal(await nextText(bob), 'one')
  for (const side of [alice, bob]) {
    assert.equal(await codeOf(side.receive()), 'ERR_CONNECTION_LOST')
    assert.equal(await codeOf(side.receive()), 'ERR_CONNECTION_LOST')
    assert.equal(await codeOf(side.send('late')), 'ERR_CONNECTION_LOST')
    await side.close()
    assert.equal(await codeOf(side.receive()), 'ERR_CONNECTION_LOST')
  }
})

test('§8 a stream that merely ends, without a goodbye inside, is a loss too', async () => {
  const { pair, bob } = await startTalk()
  await pair.near.close()
  assert.equal(await codeOf(bob.receive()), 'ERR_CONNECTION_LOST')
})

test('a loop reads until the goodbye, and can be left and taken up again', async () => {
  const { alice, bob } = await startTalk()
  for (const text of ['a', 'b', 'c']) await alice.send(text)
  const read: string[] = []
  for await (const said of bob) {
    read.push(textOf(said))
    break
  }
  await alice.close()
  for await (const said of bob) read.push(textOf(said))
  assert.deepEqual(read, ['a', 'b', 'c'])
})

test('a connection closes with its scope', async () => {
  const { alice, bob } = await startTalk()
  {
    await using scoped = alice
    await scoped.send('bye soon')
  }
  assert.equal(await nextText(bob), 'bye soon')
  assert.equal(await bob.receive(), null)
})

test('closing is said once, by either side, by both at once, and again', async () => {
  const { pair, alice, bob } = await startTalk()
  const [taking, sending] = [bob.receive(), numbers(100).map((text) => codeOf(bob.send(text)))]
  await Promise.all([alice.close(), bob.close(), alice.close(), bob.close()])
  assert.equal(await taking, null)
  assert.ok((await Promise.all(sending)).includes('ERR_CONNECTION_CLOSED'))
  const said = pair.toFar.sent.length
  await alice.close()
  assert.equal(pair.toFar.sent.length, said)
})

test('§8 who makes no room for what we send keeps neither close nor a signal waiting', async () => {
  const { pair, alice } = await startTalk()
  pair.toFar.hold()
  const abort = new AbortController()
  const reason = new Error('too slow')
  const sending = alice.send('into the void', { signal: abort.signal })
  const stuck = codeOf(alice.send('also'))
  assert.equal(await isSettled(sending), false)
  abort.abort(reason)
  await assert.rejects(sending, reason)
  await alice.close()
  await alice.closed
  assert.match(String(await stuck), /^ERR_CONNECTION_(CLOSED|LOST)$/)
})

test('§8 nor does it keep us from ending a connection it breaks', async () => {
  const { pair, alice, bob } = await startTalk()
  pair.toNear.hold()
  const stuck = codeOf(bob.send('into the void'))
  await pair.near.send(utf8('noise'))
  assert.equal(await codeOf(bob.receive()), 'ERR_FRAME')
  await bob.closed
  assert.match(String(await stuck), /^ERR_CONNECTION_/)
  assert.match(String(await codeOf(alice.receive())), /^ERR_/)
})
