import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COPIED, folders, primitiveVectors } from '../vectors/generate-primitives.ts'
import { listFiles, readFile, vectorFile, vectorText } from '../vectors/vector-files.ts'

test('the vectors on disk are those that the generator writes, byte for byte', () => {
  const wanted = primitiveVectors({ renew: false })
  assert.deepEqual(Object.keys(wanted).sort(), [...folders].sort())
  for (const [folder, vectors] of Object.entries(wanted)) {
    const files = Object.entries(vectors).map(([name, vector], index) => [vectorFile(index, name), vector] as const)
    assert.deepEqual(listFiles(folder), [...files.map(([file]) => file), ...(COPIED[folder] ?? [])].sort(), folder)
    for (const [file, vector] of files) assert.equal(readFile(folder, file), vectorText(vector), `${folder}/${file}`)
  }
})
