import { readFileSync, writeFileSync } from 'node:fs'
import { listFiles, readFile, type Vector } from './vector-files.ts'

/** Lists the vectors of the identity in docs/spec/identity.md, from the files themselves: runs after those that write them. */

export const folders: readonly string[] = []

const SPEC = new URL('../../docs/spec/identity.md', import.meta.url)
export const HEADING = '## 9 Vectors\n'

/** The folders of the vectors of docs/spec/identity.md, by the section they are of; 0 is what stands before §1. */
export const SECTIONS: { readonly [section: number]: readonly string[] } = {
  0: ['cbor', 'cose'],
  1: ['address'],
  2: ['key-log'],
  3: ['phrase', 'rotation'],
  4: ['card'],
  5: ['floor'],
  6: ['fork-proof'],
  7: ['safety-number'],
  8: ['key-format'],
}

/** What comes of a vector, in a word. */
export const outcomeOf = ({ error, relation, change, verifies, current }: Vector): string => {
  if (error !== undefined) return `\`${error}\``
  if (verifies === false) return 'does not verify'
  if (current === false) return 'stale'
  const [word] = [relation, change].filter((one) => typeof one === 'string')
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

export const specText = (): string => readFileSync(SPEC, 'utf8')

export async function generate(): Promise<void> {
  const text = specText()
  const before = text.slice(0, text.indexOf(HEADING) + HEADING.length)
  const tables = Object.entries(SECTIONS).flatMap(([section, names]) => names.map((name) => table(section, name)))
  const introduction = `
Every file of \`test/vectors/\` that is about this document; test/vectors/README.md says what its fields are. \`npm run vectors\` writes
these tables, and a test holds them against the files, and the codes named above against both.

`
  writeFileSync(SPEC, `${before}${introduction}${tables.join('\n')}`)
}
