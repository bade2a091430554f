import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { checks } from './vectors/checks.ts'
import { loadGenerators } from './vectors/generate.ts'
import { readFile } from './vectors/vector-files.ts'

/** Every file of test/vectors is run, and nothing lies there that is not. */

const root = new URL('vectors/', import.meta.url)
const present = readdirSync(root, { withFileTypes: true })
const folders = present.filter((entry) => entry.isDirectory()).map(({ name }) => name)

for (const folder of folders)
  for (const file of readdirSync(new URL(folder, root)))
    test(`vectors/${folder}/${file}`, async () => {
      const check = checks[folder]
      assert.ok(check !== undefined, `checks.ts says how to run ${folder}/`)
      assert.match(file, /^[a-z0-9-]+\.json$/)
      await check(JSON.parse(readFile(folder, file)) as never, file)
    })

test('every folder is run and belongs to one generator, and beside the folders lie only the programs and README.md', async () => {
  const owned = (await loadGenerators()).flatMap((generator) => generator.folders)
  assert.deepEqual([...owned].sort(), [...folders].sort())
  assert.deepEqual(Object.keys(checks).sort(), [...folders].sort())
  const others = present.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  assert.deepEqual(
    others.filter((name) => !name.endsWith('.ts')),
    ['README.md'],
  )
})
