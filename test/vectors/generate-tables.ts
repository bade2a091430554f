import { readFileSync, writeFileSync } from 'node:fs'
import { listFiles, readFile, type Vector } from './vector-files.ts'

/** Lists vectors in the documents they are about, from the files themselves: runs after those that write them. */

export const folders: readonly string[] = []

/** The folders of vectors by the section they are of; 0 is what stands before §1. */
export type Sections = { readonly [section: number]: readonly string[] }

/** A document of docs/spec that ends with the tables of its vectors. */
export type Tables = {
  readonly spec: string
  readonly heading: string
  readonly sections: Sections
  readonly introduction: string
}

const IDENTITY: Tables = {
  spec: 'identity.md',
  heading: '## 9 Vectors\n',
  sections: {
    0: ['cbor', 'cose'],
    1: ['address'],
    2: ['key-log'],
    3: ['phrase', 'rotation'],
    4: ['card'],
    5: ['floor'],
    6: ['fork-proof'],
    7: ['safety-number'],
    8: ['key-format'],
  },
  introduction: `Every file of \`test/vectors/\` that is about this document; test/vectors/README.md says what its fields are. \`npm run vectors\` writes
these tables, and a test holds them against the files, and the codes named above against both.`,
}

const MAILBOX: Tables = {
  spec: 'mailbox.md',
  heading: '## 8 Vectors\n',
  sections: { 1: ['parcel'], 5: ['fetch'] },
  introduction: `Every file of \`test/vectors/\` that is about this document; test/vectors/README.md says what its fields are. \`npm run vectors\` writes
these tables, and a test holds them against the files.`,
}

const SLOTS: Tables = { ...MAILBOX, spec: 'slots.md', heading: '## 5 Vectors\n', sections: { 2: ['slot'] } }

const MESSAGES: Tables = {
  ...MAILBOX,
  spec: 'messages.md',
  heading: '## 11 Vectors\n',
  sections: { 2: ['places'] },
}

const LAN: Tables = {
  ...MAILBOX,
  spec: 'lan.md',
  heading: '## 7 Vectors\n',
  sections: { 2: ['beacon'] },
}

export const TABLES: readonly Tables[] = [IDENTITY, SLOTS, MAILBOX, MESSAGES, LAN]

/** What comes of a vector, in a word. */
export const outcomeOf = ({ error, relation, change, verifies, current, result }: Vector): string => {
  if (error !== undefined) return `\`${error}\``
  if (verifies === false) return 'does not verify'
  if (current === false) return 'stale'
  const [word] = [relation, change, result].filter((one) => typeof one === 'string')
  return word ?? 'passes'
}

const row = (folder: string, file: string): string => {
  const vector: Vector = JSON.parse(readFile(folder, file))
  return `| ${file.replace('.json', '')} | ${outcomeOf(vector)} | ${vector.description.replaceAll('|', '\\|')} |`
}

const table = (section: string, folder: string): string =>
  [
    `### ${folder}${section === '0' ? '' : ` (§${section})`}`,
    '',
    '| file | result | shows |',
    '| --- | --- | --- |',
    ...listFiles(folder).map((file) => row(folder, file)),
    '',
  ].join('\n')

const locate = (spec: string): URL => new URL(`../../docs/spec/${spec}`, import.meta.url)

export const specText = (spec: string): string => readFileSync(locate(spec), 'utf8')

export async function generate(): Promise<void> {
  for (const { spec, heading, sections, introduction } of TABLES) {
    const text = specText(spec)
    const before = text.slice(0, text.indexOf(heading) + heading.length)
    const tables = Object.entries(sections).flatMap(([section, names]) => names.map((name) => table(section, name)))
    writeFileSync(locate(spec), `${before}\n${introduction}\n\n${tables.join('\n')}`)
  }
}
