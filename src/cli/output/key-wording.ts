import type { CliEvent, Wording } from './cli-events.ts'
import { describeOddity } from './dated.ts'
import { count, minutes, replaced } from './format.ts'
import { CHANGES } from './notice-wording.ts'
import { describePublication } from './publication-wording.ts'

/** How events about keys read to people: one's own, and those of an address. */

type KeyWording = Pick<
  Wording,
  | ('created' | 'sealed' | 'backed-up' | 'restored' | 'without-database' | 'identity' | 'saved' | 'published')
  | ('standing' | 'key' | 'key-checked' | 'log' | 'entry' | 'proof' | 'proven')
>

const PHRASE_COLUMNS = 3
/** Words have up to 8 letters. */
const WORD_COLUMNS = 8
const GAP = '  '

/** As many beside one another as the screen has room for, so that none is torn from its number. */
const numbered = (phrase: string, columns: number): readonly string[] => {
  const words = phrase.split(' ').map((word, index) => `${String(index + 1).padStart(2)} ${word.padEnd(WORD_COLUMNS)}`)
  const width = words[0]?.length ?? 1
  const beside = Math.max(1, Math.min(PHRASE_COLUMNS, Math.floor((columns + GAP.length) / (width + GAP.length))))
  return Array.from({ length: Math.ceil(words.length / beside) }, (_, row) =>
    words
      .slice(row * beside, (row + 1) * beside)
      .join(GAP)
      .trimEnd(),
  )
}

const SEALED: Readonly<Record<CliEvent<'sealed'>['sealedBy'], string>> = {
  passphrase: 'sealed under your passphrase; if it is lost, the recovery phrase helps',
  'key-file': 'sealed under identity.key beside them: whoever copies both has them',
}

const ROOT_KEY: Readonly<Record<CliEvent<'saved'>['rootKey'], string>> = {
  folder: 'with the other keys in this folder',
  token: 'on the token',
  elsewhere: 'elsewhere',
}

const VOID: Readonly<Record<CliEvent<'published'>['happened'], readonly string[]>> = {
  created: [],
  rotated: ['', 'Whoever had the former keys has nothing any more. handfast listen makes you reachable again.'],
  updated: [
    '',
    'Whoever had the former keys is not taken for you any more. handfast listen makes you reachable again.',
  ],
  retired: [],
  bridged: [],
}

const FORKED = 'forked     another valid key log contradicts this one; trust neither'
const STALE = 'its owner has not confirmed these keys lately, and may have replaced them since'

const describeBackup = ({ contacts, floors }: CliEvent<'backed-up' | 'restored'>): string =>
  `your keys, ${count(contacts, 'contact', 'contacts')}, what was seen of ${count(floors, 'address', 'addresses')}`

const describeUse = ({ of, device }: CliEvent<'key-checked'>): string =>
  of === 'root' ? 'root key' : `${of} key of device ${device}`

const describeKey = (checked: CliEvent<'key-checked'>): string => {
  if (checked.result === 'other') return 'nowhere: it is none of its keys, and never was'
  return checked.result === 'present'
    ? `it is its ${describeUse(checked)}`
    : `it was its ${describeUse(checked)} up to entry ${checked.seq}, and is void now`
}

const describeKeys = ({ epoch, seq, happened }: CliEvent<'saved'>): string => {
  if (happened === 'retired') return 'retired for good'
  const length = `${replaced(epoch)}, ${count(seq + 1, 'entry', 'entries')} in the key log`
  return happened === 'updated' ? `new on this device, under the same root key: ${length}` : `all new: ${length}`
}

/** Enough of a hash to tell two apart by eye. */
const shortHash = (hash: string): string => hash.slice(0, 16)

/** One of two contradicting logs. */
export const describeBranch = ({ epoch, seq, head }: CliEvent<'proven'>['a']): string =>
  `${replaced(epoch)}, ${count(seq + 1, 'entry', 'entries')}, ends in ${shortHash(head)}`

export const keyWording: KeyWording = {
  created: ({ address, folder, sealedBy, rootKey, recoveryPhrase }, columns = Number.POSITIVE_INFINITY) => [
    `address  ${address}`,
    `folder   ${folder}`,
    `keys     ${SEALED[sealedBy]}`,
    ...(rootKey === 'folder' ? [] : [`root key ${ROOT_KEY[rootKey]}`]),
    '',
    'recovery phrase, shown this once and stored nowhere:',
    '',
    ...numbered(recoveryPhrase, columns),
    '',
    'Write them on paper: only they can replace the keys of this address one day,',
    'and whoever else reads them can do so too. Keep them off this computer.',
  ],
  sealed: ({ sealedBy }) => [`keys     ${SEALED[sealedBy]}`],
  'backed-up': (made) => [
    `address  ${made.address}`,
    `backup   ${made.path}`,
    `holds    ${describeBackup(made)}`,
    '',
    'Its passphrase opens it, and nobody can tell you a lost one. Who has both has your keys, until handfast rotate.',
    'The recovery phrase is not in it.',
  ],
  restored: (restored) => [
    `address  ${restored.address}`,
    `folder   ${restored.folder}`,
    `holds    ${describeBackup(restored)}, as of ${minutes(restored.made)}`,
    `keys     ${SEALED[restored.sealedBy]}`,
    '',
    'If the keys were replaced since then, these are void: handfast listen says so, and handfast recover helps.',
  ],
  'without-database': ({ folder, aside }) => [
    `handfast: the database of ${folder} was lost, and a new one is in its place. What was in the old one is not here any more:`,
    '  contacts, and what you had verified: whoever you name is a stranger again',
    '  what was seen of others: an older key of somebody is believed until a newer one is seen; compare safety numbers again',
    '  messages and files that waited to be sent, what was said, the mailboxes you named, and the way into the network',
    ...(aside === null ? [] : [`hint: what was in its place is in ${aside}`]),
  ],
  identity: ({ address }) => [address],
  saved: (saved) => [
    `address    ${saved.address}`,
    `keys       ${describeKeys(saved)}`,
    ...(saved.happened === 'retired' ? [] : [`root key   ${ROOT_KEY[saved.rootKey]}`]),
    `saved      ${saved.folder}`,
  ],
  published: (publication) => [`published  ${describePublication(publication)}`, ...VOID[publication.happened]],
  standing: ({ freshness, change }) =>
    [...(freshness === 'stale' ? [STALE] : []), ...CHANGES[change]].map((line) => `handfast: ${line}`),
  // What is printed is the key and nothing else; no line of it is so long that a screen would break it.
  key: ({ format, key }) => (format === 'jwk' ? JSON.stringify(JSON.parse(key), null, 2) : key).trimEnd().split('\n'),
  'key-checked': (checked) => [
    `address    ${checked.address}`,
    `key        ${checked.key}`,
    `found      ${describeKey(checked)}`,
    ...(checked.status === 'retired' ? ['status     retired: it has no key to use any more'] : []),
    ...(checked.forked ? [FORKED] : []),
  ],
  log: ({ address, entries, epoch, status, forked }) => [
    `address    ${address}`,
    `keys       ${replaced(epoch)}, ${count(entries, 'entry', 'entries')}, ${status}`,
    ...(forked ? [FORKED] : []),
    '',
  ],
  entry: ({ seq, time, odd, happened, devices, root, hash }) => [
    `${String(seq).padStart(4)}  ${minutes(time)}  ${happened.padEnd(7)}  ${count(devices, 'device', 'devices').padEnd(9)}  root ${shortHash(root)}  hash ${shortHash(hash)}`,
    ...describeOddity(odd).map((line) => `      ${line}`),
  ],
  proof: ({ path, proof }) => (proof === null ? [`proof      ${path}`] : proof.trimEnd().split('\n')),
  proven: ({ address, parting, a, b }) => [
    `address    ${address}`,
    `proven     two valid key logs of it contradict each other from entry ${parting} on`,
    `one        ${describeBranch(a)}`,
    `other      ${describeBranch(b)}`,
    '',
    'Two hold its root key, or one signed two truths. It is over once the owner runs handfast rotate.',
  ],
}
