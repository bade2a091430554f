import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { listFiles, readFile, type Vector } from '../vectors/vector-files.ts'
import { type PythonPeer, startPython } from './python.ts'

/** A second implementation, in Python and from the specification alone, gives every parcel, fetch claim and message the same result. */

let python: PythonPeer

before(() => {
  python = startPython('mailbox_peer.py')
})

after(() => python?.close())

/** The fields of a vector that say what comes out; a parcel is given where nothing makes it. */
const resultsOf = (folder: string, vector: Vector): readonly string[] => {
  if (folder === 'fetch') return ['error', 'signed', 'structure']
  if (folder === 'places') return ['start', 'ids', 'places', 'ladder']
  return 'envelope' in vector
    ? ['error', 'ekPublic', 'shared', 'k', 'size', 'padded', 'parcel', 'id']
    : ['error', 'opened']
}

for (const folder of ['parcel', 'fetch', 'places'])
  for (const file of listFiles(folder))
    test(`Python agrees on vectors/${folder}/${file}`, async () => {
      const vector: Vector = JSON.parse(readFile(folder, file))
      const results = resultsOf(folder, vector)
      const pick = (wanted: boolean) =>
        Object.fromEntries(Object.entries(vector).filter(([name]) => results.includes(name) === wanted))
      assert.deepEqual(await python.ask({ op: 'check', folder, vector: pick(false) }), pick(true))
    })
