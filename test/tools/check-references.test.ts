import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkReferences } from '../../tools/check-references.ts'

const TREE = {
  'README.md':
    '[wire](docs/spec/wire.md), [streams](docs/spec/wire.md#1-stream), [away](https://example.org/nothing), [up](#top)\n# Top\n',
  'docs/spec/wire.md': '# Wire\n## 1 Stream\n## 2 Frames\n`frames.ts`, `core/one.ts`, `src/core/{one,two}.ts` (§2)\n',
  'docs/spec/session.md': '# Session\n## 1 State\n[wire](wire.md) §2, wire §1, and what\nwire\n§2 says\n',
  'src/core/one.ts': '/** As docs/spec/wire.md §2 says. */\nexport const path = "docs/spec/none.md §9"\n',
  'src/core/two.ts': '',
  'src/frames.ts': '',
}

/** What the rule says of a tree with these files in it, as 'path:line rule: reference'. */
const check = (t: TestContext, changed: Readonly<Record<string, string>> = {}): string[] => {
  const root = mkdtempSync(join(tmpdir(), 'handfast references '))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries({ ...TREE, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkReferences(root).map(({ path, line, rule, reference }) => `${path}:${line} ${rule}: ${reference}`)
}

test('references that lead somewhere are passed over, and so is what stands in code', (t) => {
  assert.deepEqual(check(t), [])
})

const BROKEN: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
  'a link to a file that is gone': [{ 'docs/a.md': 'one\n[two](spec/gone.md)' }, 'docs/a.md:2 link: spec/gone.md'],
  'a link to a heading that is gone': [
    { 'docs/a.md': '[two](spec/wire.md#3-messages)' },
    'docs/a.md:1 heading: spec/wire.md#3-messages',
  ],
  'a link of the change log': [{ 'CHANGELOG.md': '`src/gone.ts`, [x](gone.md)' }, 'CHANGELOG.md:1 link: gone.md'],
  'a path': [{ 'docs/a.md': '`src/core/three.ts`' }, 'docs/a.md:1 path: src/core/three.ts'],
  'one of several paths': [{ 'docs/a.md': '`src/core/{one,three}.ts`' }, 'docs/a.md:1 path: src/core/three.ts'],
  'a path in a comment': [{ 'test/a.ts': '\n// See test/gone.test.ts.' }, 'test/a.ts:2 path: test/gone.test.ts'],
  'a document in a comment': [
    { 'src/core/one.ts': ' * (docs/spec/mail.md §1)' },
    'src/core/one.ts:1 path: docs/spec/mail.md',
  ],
  'the name of a file': [{ 'docs/a.md': '`gone.ts`' }, 'docs/a.md:1 file: gone.ts'],
  'a path within src': [{ 'docs/a.md': '`core/gone.ts`' }, 'docs/a.md:1 file: core/gone.ts'],
  'a section in a comment': [
    { 'src/core/one.ts': '/** docs/spec/wire.md §3 */' },
    'src/core/one.ts:1 section: docs/spec/wire.md §3',
  ],
  'a section of a linked document': [
    { 'docs/spec/session.md': 'as in [wire](wire.md)\n§4' },
    'docs/spec/session.md:1 section: ](wire.md) §4',
  ],
  'a section of a named document': [{ 'docs/a.md': 'as wire §9 says' }, 'docs/a.md:1 section: wire §9'],
  'a section of its own': [{ 'docs/spec/session.md': '## 1 One\nas said (§2)' }, 'docs/spec/session.md:2 section: (§2'],
}

for (const [name, [changed, breach]] of Object.entries(BROKEN))
  test(`${name} that is not there is a breach`, (t) => {
    assert.deepEqual(check(t, changed), [breach])
  })
