import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** No decoder is forgotten: whoever writes a new one has to say how it is fuzzed. */

const ROOT = join(import.meta.dirname, '../..')
/** What they are called; in the core, what is opened is bytes as well. */
const DECODER =
  /^export const ((?:decode|parse|check|verify|unseal|unpad)[A-Z]?\w*|safeFileName|respond|appendEntry) =/gm
const CORE_DECODER = /^export const (open[A-Z]\w*|decrypt\w*) =/gm

/** Checks of what was decoded already, what opens a file or a network, and what another one on the list is made of. */
const NO_DECODERS: Readonly<Record<string, string>> = {
  checkKem: 'compares a hash',
  checkApplication: 'looks at a name that the program gives, as program-name is fuzzed',
  checkFloor: 'compares a log that was verified',
  checkVersion: 'looks at one field, for those that are fuzzed',
  checkOf: 'computes what a seal is checked by',
  checkSendable: 'looks a peer up',
  checkRoom: 'asks the disk',
  checkFile: 'asks the disk',
  checkFileAt: 'asks the disk',
  checkFolder: 'asks the disk',
  checkReplaceable: 'asks the disk',
  checkRenewable: 'asks the disk',
  parseSpki: 'fuzzed as a public key',
  parseSpkiPem: 'fuzzed as a public key',
  checkUndecided: 'looks at what was decided here',
  checkPublication: 'looks records up, as a lookup does',
  checkPhrase: 'compares keys that a phrase gave',
  checkSame: 'compares a file with what was known of it',
  checkName: 'looks at a name that the owner gives',
  checkReplySenders: 'fuzzed as dht-reply',
  checkBootstrap: 'looks at nodes that were parsed',
  parseNodes: 'fuzzed as network-choice',
  checkHost: 'looks at an option of the owner',
  checkNetwork: 'looks at a choice that was parsed',
  parseRelay: 'one pattern, of an option of the owner',
  decodeFrameMessage: 'fuzzed within the frame stream',
  verify: 'a signature, for envelopes that are fuzzed',
  verifyEnvelope: 'a signature, for envelopes that are fuzzed',
  verifyEd25519: 'a signature, for slots that are fuzzed',
  verifyMutable: 'a signature, for slots that are fuzzed',
  decodeCard: 'fuzzed as slot, which it is a part of',
  verifyStoredLog: 'a log without the clock, within backup-content',
  verifyLog: 'fuzzed as log, by way of a column',
}

const sources = (top: string): string[] =>
  readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))

test('every decoder of the library is fuzzed, or it is said why not', () => {
  const fuzzed = sources('fuzz').join('\n')
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const folders = rooms.map(({ name }) => `src/${name}`).filter((folder) => folder !== 'src/cli')
  const namesIn = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, name = '']) => name)
  const found = [
    ...folders.flatMap(sources).flatMap((text) => namesIn(text, DECODER)),
    ...sources('src/core').flatMap((text) => namesIn(text, CORE_DECODER)),
  ]
  assert.ok(found.length > 30)
  const forgotten = found.filter((name) => !new RegExp(`\\b${name}\\b`).test(fuzzed) && !(name in NO_DECODERS))
  assert.deepEqual(forgotten, [])
})
