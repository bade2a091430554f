import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../../src/cli/program.ts'

const optionsOf = async (...words: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
  const program = createProgram({
    ...{ version: '0', defaults: { folder: 'none', network: '' }, write: () => {} },
    start: async () => {},
  })
  await program.parseAsync(['lookup', 'Bob', ...words], { from: 'user' })
  return program.opts()
}

test('the beacon is on unless --no-beacon says otherwise', async () => {
  assert.equal((await optionsOf()).beacon, true)
  assert.equal((await optionsOf('--no-beacon')).beacon, false)
})

test('every command that opens a peer hands that on', () => {
  const root = join(import.meta.dirname, '../../src/cli')
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.name.endsWith('.ts'),
  )
  const calls = files.flatMap(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), 'utf8')
    return [...text.matchAll(/\bopen(?:Peer|Reader)\((\{[^}]*\}|opening)\)/g)].map(([, given = '']) => {
      const opening = /\bopening\b/.test(given) ? (text.match(/const opening = (\{[^}]*\})/)?.[1] ?? '') : ''
      return { name, isHandedOn: /\bbeacon\b/.test(given + opening) }
    })
  })
  assert.ok(calls.length >= 8, `${calls.length} calls`)
  assert.deepEqual(
    calls.filter(({ isHandedOn }) => !isHandedOn),
    [],
  )
})
