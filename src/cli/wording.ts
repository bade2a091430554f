import type { Change } from '../core/floor.ts'
import type { CliEvent, EventName } from './events.ts'

/** How events read to people: the lines of each, plain text. `terminal.ts` makes them harmless and prints them. */

type Wording = { readonly [N in EventName]: (event: CliEvent<N>) => readonly string[] }

/** Events that tell of something that went wrong: these go to stderr. */
export const TROUBLE: ReadonlySet<EventName> = new Set(['not-sent', 'file-failed'])

const PHRASE_COLUMNS = 4
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** Long enough that no one finds another address with the same look (65 bits), short enough to stand before a message. */
export const shortAddress = (address: string): string => `${address.slice(0, 12)}…${address.slice(-4)}`

export const fileSize = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(1)} ${UNITS[power]}`
}

const count = (amount: number, singular: string, plural: string): string =>
  `${amount} ${amount === 1 ? singular : plural}`

const minutes = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const numbered = (phrase: string): readonly string[] => {
  const words = phrase.split(' ').map((word, index) => `${String(index + 1).padStart(4)} ${word.padEnd(9)}`)
  const rows = Math.ceil(words.length / PHRASE_COLUMNS)
  return Array.from({ length: rows }, (_, row) =>
    words
      .slice(row * PHRASE_COLUMNS, (row + 1) * PHRASE_COLUMNS)
      .join(' ')
      .trimEnd(),
  )
}

/** Sentences about the nodes that were asked; those about nobody are left out. */
const describeEvidence = ({ evidence }: CliEvent<'lookup'>): string => {
  const { answered, agreeing, older, empty, unread, invalid, failed, complete } = evidence
  const parts = [
    `${count(answered, 'node', 'nodes')} answered`,
    `${agreeing} ${agreeing === 1 ? 'agrees' : 'agree'}`,
    older > 0 && `${older} with an older log`,
    empty > 0 && `${empty} with nothing`,
    unread > 0 && `${unread} with a log not shown in full`,
    invalid > 0 && `${invalid} with what does not verify`,
    failed > 0 && `${count(failed, 'request', 'requests')} not answered`,
    !complete && 'the time ran out first',
  ]
  return parts.filter((part) => part !== false).join(', ')
}

const describeCard = ({ freshness, expires }: CliEvent<'lookup'>): string => {
  if (expires === null) return 'none: nothing says that this log is current, or where the peer can be reached'
  return freshness === 'current' ? `current until ${minutes(expires)}` : `stale, valid until ${minutes(expires)}`
}

const SEALED: Readonly<Record<CliEvent<'sealed'>['sealedBy'], string>> = {
  passphrase: 'sealed under your passphrase; if it is lost, the recovery phrase helps',
  'key-file': 'sealed under identity.key beside them: whoever copies both has them',
}

const CHANGES: Readonly<Record<Change, readonly string[]>> = {
  none: [],
  updated: ['its log went on since you saw it last, under the same root key'],
  rotated: ['its owner replaced its keys since you saw it last, by the recovery phrase'],
  superseded: [
    'its owner took back keys that you had accepted: somebody else had them, or they were lost;',
    'what you received under them may not be from the owner',
  ],
}

const describePublication = ({ replicas, weak }: CliEvent<'listening' | 'published'>): string => {
  const places = replicas.map(({ accepted, asked }) => `${accepted} of ${asked}`).join(', ')
  return `accepted by ${places} nodes${weak ? '; weak: too few of them, so others may not find this address' : ''}`
}

const describeKeys = ({ epoch, seq, happened }: CliEvent<'saved'>): string => {
  if (happened === 'retired') return 'retired for good'
  const length = `${count(epoch, 'rotation', 'rotations')}, ${count(seq + 1, 'entry', 'entries')} in its log`
  return happened === 'updated' ? `new on this device, under the same root key: ${length}` : `all new: ${length}`
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
}

const describeBranch = ({ epoch, seq, head }: CliEvent<'proven'>['a']): string =>
  `${count(epoch, 'rotation', 'rotations')}, ${count(seq + 1, 'entry', 'entries')}, ends in ${shortHash(head)}`

/** Enough of a hash to tell two apart by eye. */
const shortHash = (hash: string): string => hash.slice(0, 16)

const reason = (code: string | null, message: string): string => (code === null ? message : `${message} [${code}]`)

export const wording: Wording = {
  created: ({ address, folder, sealedBy, rootKey, recoveryPhrase }) => [
    `address  ${address}`,
    `folder   ${folder}`,
    `keys     ${SEALED[sealedBy]}`,
    ...(rootKey === 'folder' ? [] : [`root key ${ROOT_KEY[rootKey]}`]),
    '',
    'recovery phrase, shown this once and stored nowhere:',
    '',
    ...numbered(recoveryPhrase),
    '',
    'Write them on paper: only they can replace the keys of this address one day,',
    'and whoever else reads them can do so too. Keep them off this computer.',
  ],
  sealed: ({ sealedBy }) => [`keys     ${SEALED[sealedBy]}`],
  identity: ({ address }) => [address],
  lookup: (found) => [
    `address    ${found.address}`,
    `rotations  ${found.epoch}`,
    `entries    ${found.seq + 1}`,
    `head       ${found.head}`,
    `status     ${found.status}${found.forked ? ', forked: another valid log contradicts this one; trust neither' : ''}`,
    `card       ${describeCard(found)}`,
    `evidence   ${describeEvidence(found)}`,
    ...CHANGES[found.change].map((line) => `change     ${line}`),
  ],
  node: ({ bootstrap, first }) => [
    `node       ${bootstrap}${first ? ', the first of a new network' : ''}`,
    `others     handfast node --bootstrap ${bootstrap}`,
  ],
  listening: (publication) => [`address    ${publication.address}`, `published  ${describePublication(publication)}`],
  connected: ({ peer, direction, trust, change }) => [
    `* ${direction === 'out' ? 'connected to' : 'connection from'} ${peer}`,
    `* identity ${trust.identity}, log ${trust.freshness}: ${trust.reason}`,
    ...CHANGES[change].map((line) => `* ${line}`),
  ],
  changed: ({ change }) => CHANGES[change].map((line) => `* ${line}`),
  'safety-number': ({ peer, safetyNumber }) => [`* safety number with ${shortAddress(peer)}:`, `  ${safetyNumber}`],
  message: ({ peer, text }) => [`${shortAddress(peer)}: ${text}`],
  data: ({ peer, size }) => [`* ${shortAddress(peer)} sent ${fileSize(size)} of data`],
  'not-sent': ({ text, code, message }) => [`handfast: not sent: ${reason(code, message)}: ${text.slice(0, 40)}`],
  'file-offered': ({ peer, name, size, accepted }) => [
    `* ${shortAddress(peer)} offers ${name} (${fileSize(size)})`,
    ...(accepted ? [] : ['* refused: start with --accept-files to take files']),
  ],
  'file-saved': ({ peer, size, path }) => [`* saved ${path} (${fileSize(size)}) from ${shortAddress(peer)}`],
  'file-sent': ({ peer, name, size }) => [`* ${shortAddress(peer)} has stored ${name} (${fileSize(size)})`],
  'file-failed': ({ name, direction, code, message }) => [
    `handfast: ${name} was not ${direction === 'in' ? 'received' : 'sent'}: ${reason(code, message)}`,
  ],
  saved: (saved) => [
    `address    ${saved.address}`,
    `keys       ${describeKeys(saved)}`,
    ...(saved.happened === 'retired' ? [] : [`root key   ${ROOT_KEY[saved.rootKey]}`]),
    `saved      ${saved.folder}`,
  ],
  published: (publication) => [`published  ${describePublication(publication)}`, ...VOID[publication.happened]],
  log: ({ address, entries, epoch, status, forked }) => [
    `address    ${address}`,
    `entries    ${entries}, ${count(epoch, 'rotation', 'rotations')}, ${status}`,
    ...(forked ? ['forked     another valid log contradicts this one; trust neither'] : []),
    '',
  ],
  entry: ({ seq, time, happened, devices, root, hash }) => [
    `${String(seq).padStart(4)}  ${minutes(time)}  ${happened.padEnd(7)}  ${count(devices, 'device', 'devices').padEnd(9)}  root ${shortHash(root)}  hash ${shortHash(hash)}`,
  ],
  proof: ({ path, proof }) => (proof === null ? [`proof      ${path}`] : proof.trimEnd().split('\n')),
  proven: ({ address, parting, a, b }) => [
    `address    ${address}`,
    `proven     two valid logs of it contradict each other from entry ${parting} on`,
    `one        ${describeBranch(a)}`,
    `other      ${describeBranch(b)}`,
    '',
    'Two hold its root key, or one signed two truths. It is over once the owner rotates.',
  ],
  disconnected: ({ peer, reason: end, code }) => [
    `* ${shortAddress(peer)} ${end === 'left' ? 'has left' : reason(code, 'is gone without a goodbye')}`,
  ],
}
