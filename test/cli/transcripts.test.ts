import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { cheapPassphrases } from '../cheap-passphrases.ts'
import { createDht } from './dht.ts'
import { runCli } from './in-process.ts'
import { fill, matches, type Names, readTranscript, writeFiles } from './transcript.ts'

const FOLDER = join(import.meta.dirname, 'transcripts')

suite('transcripts', { concurrency: true }, () => {
  for (const file of readdirSync(FOLDER)) {
    test(file, async (t) => {
      cheapPassphrases(t)
      const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
      t.after(() => rmSync(dir, { recursive: true, force: true }))
      const names: Names = new Map([['dir', dir]])
      const text = readFileSync(join(FOLDER, file), 'utf8')
      if (/\{(node|port|silent)\}/.test(text)) for (const [name, value] of await createDht(t)) names.set(name, value)
      for (const step of readTranscript(text)) {
        writeFiles(step, dir)
        const argv = step.argv.map((word) => fill(word, names))
        const stdin = step.stdin.map((line) => `${line}\n`).join('')
        const outcome = await runCli(argv, { stdin })
        const where = `${file}:${step.line} ${step.title}\n$ handfast ${argv.join(' ')}`
        const got = `\n--- stdout\n${outcome.stdout}--- stderr\n${outcome.stderr}--- code ${outcome.code}`
        assert.ok(matches(step.stdout, outcome.stdout, names), `${where}: stdout${got}`)
        assert.ok(matches(step.stderr, outcome.stderr, names), `${where}: stderr${got}`)
        assert.equal(outcome.code, step.code, `${where}: exit code${got}`)
      }
    })
  }
})
