import assert from 'node:assert/strict'
import { copyFile, cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { type Child, startCli } from '../cli/child.ts'

/** Data folders that are really copied, put back and moved, under processes that are really killed (docs/spec/store.md §6). */

const TIMEOUT = { timeout: 300_000 }

/** What each process said so far. */
const said = new WeakMap<Child, string>()

const setting = async (t: TestContext, persons = 1) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-twins-'))
  const children: Child[] = []
  t.after(async () => {
    await Promise.all(children.map((child) => child.exit('SIGKILL')))
    await rm(dir, { recursive: true, force: true })
  })
  const folder = (name: string): string => join(dir, name)
  const begin = (argv: readonly string[], env: Record<string, string> = {}): Child => {
    const child = startCli(t, [...argv, '--json'], env)
    children.push(child)
    said.set(child, '')
    child.child.stdout?.on('data', (text) => said.set(child, `${said.get(child)}${text}`))
    return child
  }
  const node = begin(['node', '--folder', folder('node')])
  const network = String((await node.event('node')).network)
  const names = ['alice', 'bob'].slice(0, persons)
  const made = await Promise.all(names.map((name) => initialize(folder(name))))
  const run = (name: string, ...argv: readonly string[]): Child =>
    begin([...argv, '--folder', folder(name)], { HANDFAST_NETWORK: network })
  return { folder, node, run, addresses: made.map(({ address }) => address) }
}

const listening = async (child: Child): Promise<Child> => {
  await child.event('listening')
  return child
}
const codeOf = (child: Child): unknown =>
  JSON.parse(
    child
      .stderr()
      .split('\n')
      .find((line) => line !== '') ?? '',
  ).error.code
const stop = async (child: Child): Promise<void> => {
  assert.equal(await child.exit('SIGTERM'), 0)
}
/** Listens until it can be found, and ends, without anything to complain of. */
const visit = async (child: Child): Promise<void> => {
  await listening(child)
  await stop(child)
  assert.doesNotMatch(`${said.get(child)}${child.stderr()}`, /"notice"|"error"/)
}

/** All that is in the database of a folder. */
const everything = (folder: string): unknown => {
  const database = new DatabaseSync(join(folder, 'handfast.db'), { readOnly: true })
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    return tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all()])
  } finally {
    database.close()
  }
}
type Self = { readonly inc: string; readonly issued: number }
const selfOf = (folder: string): Self => {
  const database = new DatabaseSync(join(folder, 'handfast.db'), { readOnly: true })
  try {
    return database.prepare('SELECT hex(inc) AS inc, issued FROM self').get() as Self
  } finally {
    database.close()
  }
}

test('of two copies the second is refused, whatever it does, and its folder is as it was', TIMEOUT, async (t) => {
  const { folder, run, addresses } = await setting(t, 2)
  await visit(run('alice', 'listen'))
  await visit(run('bob', 'listen'))
  const first = await listening(run('alice', 'listen'))
  await cp(folder('alice'), folder('copy'), { recursive: true })
  // What a copy of a running folder is before anybody opens it.
  everything(folder('copy'))
  const before = everything(folder('copy'))
  for (const argv of [['listen'], ['chat', addresses[1] ?? ''], ['listen']]) {
    const second = run('copy', ...argv)
    assert.notEqual(await second.exit(), 0)
    assert.equal(codeOf(second), 'ERR_STORE_TWIN')
    assert.deepEqual(everything(folder('copy')), before)
  }
  await stop(first)
  assert.equal(first.stderr(), '')
})

test('a copy that takes over goes on, and the first one stops by itself', TIMEOUT, async (t) => {
  const { folder, run } = await setting(t)
  const first = await listening(run('alice', 'listen'))
  const { inc } = selfOf(folder('alice'))
  await cp(folder('alice'), folder('copy'), { recursive: true })
  const second = await listening(run('copy', 'listen', '--take-over'))
  assert.notEqual(await first.exit(), 0)
  assert.equal(codeOf(first), 'ERR_STORE_TWIN')
  assert.notEqual(selfOf(folder('copy')).inc, inc)
  assert.equal(selfOf(folder('alice')).inc, inc)
  // What is in it can be read.
  assert.equal(await run('alice', 'id').exit(), 0)
  await stop(second)
})

test(
  'a folder that was put back over itself says so, and one that was copied begins anew by itself',
  TIMEOUT,
  async (t) => {
    const { folder, run } = await setting(t)
    await visit(run('alice', 'listen'))
    await cp(folder('alice'), folder('saved'), { recursive: true })
    await visit(run('alice', 'listen'))
    const { inc } = selfOf(folder('alice'))
    // Over the same file, as a backup of files is put back in a hurry.
    await copyFile(join(folder('saved'), 'handfast.db'), join(folder('alice'), 'handfast.db'))
    const back = run('alice', 'listen')
    assert.equal((await back.event('notice')).about, 'rolled-back')
    await stop(back)
    const after = selfOf(folder('alice'))
    assert.notEqual(after.inc, inc)

    // Nobody runs the first one any more, which went on after this copy was made.
    const copy = run('saved', 'listen')
    assert.equal((await copy.event('notice')).about, 'rolled-back')
    await listening(copy)
    await stop(copy)
    assert.notEqual(selfOf(folder('saved')).inc, inc)
  },
)

test('a folder that only moves is no harm', TIMEOUT, async (t) => {
  const { folder, run } = await setting(t)
  await visit(run('alice', 'listen'))
  const { inc } = selfOf(folder('alice'))
  await rename(folder('alice'), folder('moved'))
  await visit(run('moved', 'listen'))
  assert.equal(selfOf(folder('moved')).inc, inc)
})

test('killed between a card that was signed and its publication, nobody went back', TIMEOUT, async (t) => {
  const { folder, node, run } = await setting(t)
  await visit(run('alice', 'listen'))
  const before = selfOf(folder('alice'))
  for (let kills = 0; kills < 3; kills++) {
    const { issued } = selfOf(folder('alice'))
    const child = run('alice', 'listen')
    // The serial is on disk; the card is on its way, or not yet.
    while (selfOf(folder('alice')).issued === issued) await new Promise((resolve) => setTimeout(resolve, 1))
    await child.exit('SIGKILL')
    assert.ok(selfOf(folder('alice')).issued > issued)
  }
  assert.equal(node.child.exitCode, null)
  await visit(run('alice', 'listen'))
  assert.equal(selfOf(folder('alice')).inc, before.inc)
})
