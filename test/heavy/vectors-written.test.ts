import assert from 'node:assert/strict'
import { test } from 'node:test'
import { protocolVectors } from '../vectors/generate-protocol.ts'
import { listFiles, readFile, vectorFile, vectorText } from '../vectors/vector-files.ts'

/** That the code takes each of them is in test/vectors.test.ts. */

test('the vectors on disk are those the generator writes', () => {
  for (const [folder, vectors] of Object.entries(protocolVectors({ renew: false }))) {
    const written = Object.entries(vectors).map(([name, vector], index) => [
      vectorFile(index, name),
      vectorText(vector),
    ])
    assert.deepEqual(
      listFiles(folder).map((file) => [file, readFile(folder, file)]),
      written,
    )
  }
})
