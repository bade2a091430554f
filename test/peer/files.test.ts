import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES, CHUNK_WINDOW, MESSAGE_WINDOW } from '../../src/core/limits.ts'
import { makeBytes } from '../core/identities.ts'
import { codeOf, isSettled, makeTemporary, nextFile, nextText, startConversation } from './sides.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A conversation with a folder for each side; `write` puts a file where Alice can send it from. */
const start = async (t: TestContext) => {
  const [from, to, conversation] = await Promise.all([makeTemporary(t), makeTemporary(t), startConversation()])
  const write = async (name: string, size: number): Promise<{ path: string; content: Uint8Array }> => {
    const [path, content] = [join(from, name), makeBytes(name, size)]
    await writeFile(path, content)
    return { path, content }
  }
  return { ...conversation, from, to, write }
}

/** The system error that a write to a full disk gives. */
const full = (): Error => Object.assign(new Error('no space'), { code: 'ENOSPC' })

/** What every open file inherits its methods from. */
const fileHandle = async () => {
  const handle = await open(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle) as typeof handle
}

test('§8 files of every size arrive byte for byte, private, under their name', async (t) => {
  const { alice, bob, to, write } = await start(t)
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * 1024 * 1024]) {
    const { path, content } = await write(`${size}.bin`, size)
    const progress: { readonly sent: number[]; readonly received: number[] } = { sent: [], received: [] }
    const sending = alice.sendFile(path, { onProgress: (done) => progress.sent.push(done) })
    const offer = await nextFile(bob)
    assert.deepEqual([offer.name, offer.size], [`${size}.bin`, size])
    const saved = await offer.save(to, { onProgress: (done) => progress.received.push(done) })
    assert.deepEqual(await sending, { name: `${size}.bin`, size, sha256: sha256(content) })
    assert.equal(saved, join(to, `${size}.bin`))
    assert.equal(sha256(await readFile(saved)), sha256(content))
    assert.equal((await stat(saved)).mode & 0o777, 0o600)
    for (const steps of [progress.sent, progress.received]) {
      assert.equal(steps.at(-1), size)
      assert.deepEqual(
        steps,
        steps.toSorted((a, b) => a - b),
      )
    }
  }
  assert.equal((await readdir(to)).length, 7)
})

test('§8 several files cross each other and the messages', async (t) => {
  const { alice, bob, to, write } = await start(t)
  const files = await Promise.all([0, 1, 2].map((index) => write(`${index}.bin`, 900_000 + index)))
  const exchange = async (sender: typeof alice, receiver: typeof alice, folder: string): Promise<void> => {
    const sending = files.map(({ path }) => sender.sendFile(path))
    await sender.send('meanwhile')
    const saving: Promise<string>[] = []
    let texts = 0
    while (saving.length < files.length || texts === 0) {
      const item = await receiver.receive()
      if (item?.type === 'file') saving.push(item.file.save(folder))
      else texts += 1
    }
    const paths = await Promise.all(saving)
    await Promise.all(sending)
    for (const path of paths) {
      const sent = files[Number(path.at(-5))]
      assert.equal(sha256(await readFile(path)), sha256(sent?.content ?? new Uint8Array(0)))
    }
  }
  await Promise.all([exchange(alice, bob, join(to, 'bob')), exchange(bob, alice, join(to, 'alice'))])
})

test('§8 nothing is sent before a file is accepted, and a refused one is not sent at all', async (t) => {
  const { pair, alice, bob, to, write } = await start(t)
  const { path } = await write('a.bin', 100)
  const sending = alice.sendFile(path)
  const offer = await nextFile(bob)
  const frames = pair.toFar.sent.length
  assert.equal(await isSettled(sending), false)
  assert.equal(pair.toFar.sent.length, frames)
  await offer.refuse()
  assert.equal(await codeOf(sending), 'ERR_FILE_REFUSED')
  for (const again of [() => offer.save(to), () => offer.refuse()])
    assert.equal(await codeOf(again()), 'ERR_FILE_REFUSED')
  assert.deepEqual(await readdir(to), [])
})

test('§8 a file may be offered under another name; a name that is no name is refused here', async (t) => {
  const { alice, bob, to, write } = await start(t)
  const { path } = await write('a.bin', 10)
  const sending = alice.sendFile(path, { name: '../../etc/report.txt' })
  assert.equal(await (await nextFile(bob)).save(to), join(to, 'report.txt'))
  assert.equal((await sending).name, 'report.txt')
  assert.equal(await codeOf(alice.sendFile(path, { name: '..' })), 'ERR_FILE_NAME')
})

test('§8 a file that is there is left alone: the new one takes the next free name', async (t) => {
  const { alice, bob, to, write } = await start(t)
  const { path } = await write('a.tar.gz', 10)
  await writeFile(join(to, 'a.tar.gz'), 'mine')
  for (const expected of ['a.tar (1).gz', 'a.tar (2).gz']) {
    const sending = alice.sendFile(path)
    assert.equal(await (await nextFile(bob)).save(to), join(to, expected))
    await sending
  }
  assert.equal(await readFile(join(to, 'a.tar.gz'), 'utf8'), 'mine')
})

test('what cannot be read is not offered, and takes no place in the window', async (t) => {
  const { alice, bob, from } = await start(t)
  execFileSync('mkfifo', [join(from, 'pipe')])
  for (const path of [join(from, 'missing'), from, '/dev/null', join(from, 'pipe')])
    assert.equal(await codeOf(alice.sendFile(path)), 'ERR_FILE_READ', path)
  for (let count = 0; count < 2 * MESSAGE_WINDOW; count++) await codeOf(alice.sendFile(join(from, 'missing')))
  await alice.send('still room')
  assert.equal(await nextText(bob), 'still room')
})

test('§8 a file that becomes shorter while it is sent is an error on both sides, a longer one is cut as offered', async (t) => {
  const { alice, bob, to, write } = await start(t)
  const shrinking = await write('shrinking.bin', 40 * CHUNK_BYTES)
  const sending = alice.sendFile(shrinking.path)
  sending.catch(() => {})
  const offer = await nextFile(bob)
  await truncate(shrinking.path, 20 * CHUNK_BYTES)
  assert.equal(await codeOf(offer.save(to)), 'ERR_FILE_REFUSED')
  assert.equal(await codeOf(sending), 'ERR_FILE_READ')
  assert.deepEqual(await readdir(to), [])

  const growing = await write('growing.bin', 100)
  const sent = alice.sendFile(growing.path)
  const next = await nextFile(bob)
  await writeFile(growing.path, makeBytes('more', 200), { flag: 'a' })
  const saved = await next.save(to)
  assert.equal(sha256(await readFile(saved)), sha256(growing.content))
  assert.equal((await sent).size, 100)
})

test('a signal takes an offer back, also one that is accepted only later', async (t) => {
  const { alice, bob, to, write } = await start(t)
  const { path } = await write('a.bin', 100)
  const abort = new AbortController()
  const reason = new Error('changed my mind')
  const sending = alice.sendFile(path, { signal: abort.signal })
  const offer = await nextFile(bob)
  abort.abort(reason)
  await assert.rejects(sending, reason)
  await assert.rejects(alice.sendFile(path, { signal: abort.signal }), reason)
  assert.equal(await codeOf(offer.save(to)), 'ERR_FILE_REFUSED')
  assert.deepEqual(await readdir(to), [])
})

test('a signal stops a transfer, also one whose receiver makes no room; nothing of it stays', async (t) => {
  const { pair, alice, bob, to, write } = await start(t)
  const { path } = await write('a.bin', 60 * CHUNK_BYTES)
  for (const stuck of [false, true]) {
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const sending = alice.sendFile(path, {
      signal: abort.signal,
      onProgress: () => {
        if (stuck) pair.toFar.hold()
        setImmediate(() => abort.abort(reason))
      },
    })
    sending.catch(() => {})
    const saving = codeOf((await nextFile(bob)).save(to))
    await assert.rejects(sending, reason)
    pair.toFar.release()
    assert.equal(await saving, 'ERR_FILE_REFUSED')
    assert.deepEqual(await readdir(to), [])
  }
  await alice.send('the conversation goes on')
  assert.equal(await nextText(bob), 'the conversation goes on')
})

test('§8 a place that cannot be written fails this transfer only, and the sender hears of it', async (t) => {
  const { alice, bob, from, to, write } = await start(t)
  const { path } = await write('a.bin', 10 * CHUNK_BYTES)
  const fails = async (folder: string): Promise<void> => {
    const sending = alice.sendFile(path)
    sending.catch(() => {})
    assert.equal(await codeOf((await nextFile(bob)).save(folder)), 'ERR_FILE_WRITE')
    assert.equal(await codeOf(sending), 'ERR_FILE_REFUSED')
  }
  await fails(path)
  await fails(join(path, 'below a file'))

  let writes = 0
  const prototype = await fileHandle()
  const { writeFile: write0 } = prototype
  const disk = t.mock.method(
    prototype,
    'writeFile',
    function (this: typeof prototype, ...args: Parameters<typeof write0>) {
      writes += 1
      return writes > 3 ? Promise.reject(full()) : write0.apply(this, args)
    },
  )
  await fails(to)
  disk.mock.restore()
  t.mock.method(prototype, 'sync', () => Promise.reject(full()))
  await fails(to)
  t.mock.restoreAll()
  assert.deepEqual(await readdir(to), [])

  const sending = alice.sendFile(path)
  await (await nextFile(bob)).save(to)
  await sending
  assert.deepEqual((await readdir(from)).toSorted(), ['a.bin'])
})

test('an application that throws on progress harms its own transfer only', async (t) => {
  const { alice, bob, to, write } = await start(t)
  const { path } = await write('a.bin', 10 * CHUNK_BYTES)
  const broken = (): void => {
    throw new RangeError('not my day')
  }
  const sending = alice.sendFile(path, { onProgress: broken })
  sending.catch(() => {})
  assert.equal(await codeOf((await nextFile(bob)).save(to)), 'ERR_FILE_REFUSED')
  await assert.rejects(sending, RangeError)

  const other = alice.sendFile(path)
  other.catch(() => {})
  assert.equal(await codeOf((await nextFile(bob)).save(to, { onProgress: broken })), 'ERR_FILE_WRITE')
  assert.equal(await codeOf(other), 'ERR_FILE_REFUSED')
  await bob.send('we go on')
  assert.equal(await nextText(alice), 'we go on')
  assert.deepEqual(await readdir(to), [])
})

for (const [how, end] of [
  ['cut', 'ERR_CONNECTION_LOST'],
  ['closed by the sender', 'ERR_CONNECTION_CLOSED'],
  ['closed by the receiver', 'ERR_CONNECTION_CLOSED'],
] as const)
  test(`§8 a connection that is ${how} in the middle of a file leaves nothing of it`, async (t) => {
    const { pair, alice, bob, to, write } = await start(t)
    const { path } = await write('a.bin', 100 * CHUNK_BYTES)
    const middle = Promise.withResolvers<void>()
    const sending = alice.sendFile(path, {
      onProgress: (done) => done > CHUNK_WINDOW * CHUNK_BYTES && middle.resolve(),
    })
    sending.catch(() => {})
    const offer = await nextFile(bob)
    const saving = codeOf(offer.save(to))
    await middle.promise
    assert.equal((await readdir(to)).length, 1)
    if (how === 'cut') pair.cut()
    else await (how === 'closed by the sender' ? alice : bob).close()
    assert.equal(await saving, end)
    assert.equal(await codeOf(sending), end)
    assert.deepEqual(await readdir(to), [])
  })

test('§8 an offer outlives its connection only to fail', async (t) => {
  const { pair, alice, bob, to, write } = await start(t)
  const { path } = await write('a.bin', 10)
  const sending = codeOf(alice.sendFile(path))
  const offer = await nextFile(bob)
  pair.cut()
  assert.equal(await sending, 'ERR_CONNECTION_LOST')
  await bob.closed
  assert.equal(await codeOf(offer.save(to)), 'ERR_CONNECTION_LOST')
  assert.deepEqual(await readdir(to), [])
})
