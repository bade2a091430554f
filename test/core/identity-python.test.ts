import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listFiles, readFile, type Vector } from '../vectors/vector-files.ts'

/** A second implementation, in Python and from the specification alone, gives every address, log, card, floor and slot vector the same result. */

const FOLDERS = ['address', 'key-log', 'card', 'floor', 'slot'] as const
/** The fields of a vector that say what comes out. */
const RESULTS = 'error output head seq epoch status relation hash serial until device inc current change raised'.split(
  ' ',
)

const cases = FOLDERS.flatMap((folder) =>
  listFiles(folder).map((file) => {
    const vector: Vector = JSON.parse(readFile(folder, file))
    // The number of a slot's value goes in.
    const results = folder === 'slot' ? ['error', 'output'] : RESULTS
    const expected = Object.fromEntries(results.flatMap((name) => (name in vector ? [[name, vector[name]]] : [])))
    const given = Object.fromEntries(Object.entries(vector).filter(([name]) => !results.includes(name)))
    return { folder, file, expected, given }
  }),
)

const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import cryptography'], { stdio: 'ignore' }).status === 0,
)
assert.ok(
  python !== undefined,
  'install the Debian package python3-cryptography (apt-get install python3-cryptography)',
)

const peer = fileURLToPath(new URL('identity_peer.py', import.meta.url))
const input = cases.map(({ folder, given }) => `${JSON.stringify({ folder, vector: given })}\n`).join('')
const { stdout, status } = spawnSync(python, [peer], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] })
const answers = stdout.split('\n').filter((line) => line !== '')

test('Python answers every vector', () => {
  assert.equal(status, 0)
  assert.equal(answers.length, cases.length)
})

for (const [index, { folder, file, expected }] of cases.entries())
  test(`Python agrees on vectors/${folder}/${file}`, () => {
    assert.deepEqual(JSON.parse(answers[index] ?? 'null'), expected)
  })
