import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { listFiles, readFile } from '../vectors/vector-files.ts'
import { type PythonPeer, startPython } from './python.ts'

/** A second implementation, in Python and from the specification alone, reads every datagram of the beacon in the same way. */

let python: PythonPeer

before(() => {
  python = startPython('lan_peer.py')
})

after(() => python?.close())

for (const file of listFiles('beacon'))
  test(`Python agrees on vectors/beacon/${file}`, async () => {
    const { result, nonce, node, ...vector } = JSON.parse(readFile('beacon', file))
    const said = result === 'none' ? { result } : { result, nonce, node }
    assert.deepEqual(await python.ask({ op: 'check', folder: 'beacon', vector }), said)
  })
