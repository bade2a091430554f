import { HEAD_DIGITS_MIN } from '../../core/limits.ts'
import type { CliEvent, EventName, Wording } from './events.ts'
import { describeEvidence } from './evidence-wording.ts'
import { fileWording } from './file-wording.ts'
import { count, duration, fileSize, minutes, reason, shortAddress } from './format.ts'
import { CHANGES, NOTICES } from './notice-wording.ts'

/** How events read to people: the lines of each, plain text. `terminal.ts` makes them harmless and prints them. */

/** Events that tell of something that went wrong: these go to stderr. */
export const TROUBLE: ReadonlySet<EventName> = new Set(['not-sent', 'file-failed', 'notice', 'standing'])

const PHRASE_COLUMNS = 4

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

const describeCard = ({ expires, staleFor }: CliEvent<'lookup'>): string => {
  if (expires === null) return 'none: nothing says that this log is current, or where the peer can be reached'
  if (staleFor === null) return `current until ${minutes(expires)}`
  return `stale for ${duration(staleFor)}: the newest card ran out ${minutes(expires)}`
}

const SEALED: Readonly<Record<CliEvent<'sealed'>['sealedBy'], string>> = {
  passphrase: 'sealed under your passphrase; if it is lost, the recovery phrase helps',
  'key-file': 'sealed under identity.key beside them: whoever copies both has them',
}

const describeBackup = ({ contacts, floors }: CliEvent<'backed-up' | 'restored'>): string =>
  `your keys, ${count(contacts, 'contact', 'contacts')}, ${count(floors, 'rollback floor', 'rollback floors')}`

const FORKED = 'forked     another valid log contradicts this one; trust neither'
const STALE = 'no current card vouches for this log: its owner may have replaced its keys since'

const describeUse = ({ of, device }: CliEvent<'key-checked'>): string =>
  of === 'root' ? 'root key' : `${of} key of device ${device}`

const describeKey = (checked: CliEvent<'key-checked'>): string => {
  if (checked.result === 'other') return 'nowhere: it is none of its keys, and never was'
  return checked.result === 'present'
    ? `it is its ${describeUse(checked)}`
    : `it was its ${describeUse(checked)} up to entry ${checked.seq}, and is void now`
}

const describePublication = ({ replicas, weak, crowded }: CliEvent<'listening' | 'published'>): string => {
  const places = replicas.map(({ accepted, asked }) => `${accepted} of ${asked}`).join(', ')
  return `accepted by ${places} nodes${weak ? '; weak: too few of them, so others may not find this address' : ''}${crowded ? '; crowded: somebody may stand around this address, so more nodes were asked' : ''}`
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

/** What a person reads out of a hash, in groups of four. */
const digits = (hash: string): string => (hash.slice(0, HEAD_DIGITS_MIN).match(/.{4}/g) ?? []).join(' ')

/** Enough of a hash to tell two apart by eye. */
const shortHash = (hash: string): string => hash.slice(0, 16)

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
  identity: ({ address }) => [address],
  lookup: (found) => [
    `address    ${found.address}`,
    `rotations  ${found.epoch}`,
    `entries    ${found.seq + 1}`,
    `head       ${found.head}`,
    `status     ${found.status}${found.forked ? ', forked: another valid log contradicts this one; trust neither' : ''}`,
    `card       ${describeCard(found)}`,
    `evidence   ${found.verdict.reason}`,
    `trust      ${found.trust.identity}, ${found.trust.freshness}: ${found.trust.reason}`,
    ...CHANGES[found.change].map((line) => `change     ${line}`),
  ],
  evidence: describeEvidence,
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
  node: ({ bootstrap, first }) => [
    `node       ${bootstrap}${first ? ', the first of a new network' : ''}`,
    `others     handfast node --bootstrap ${bootstrap}`,
  ],
  listening: (publication) => [`address    ${publication.address}`, `published  ${describePublication(publication)}`],
  watching: ({ http }) => [`watched    http://${http}/healthz and http://${http}/metrics`],
  keeping: ({ address }) => [`mailbox    others name it with: handfast mailboxes ${address}`],
  mailbox: ({ address }) => [address],
  connected: ({ peer, direction, trust, change }) => [
    `* ${direction === 'out' ? 'connected to' : 'connection from'} ${peer}`,
    `* identity ${trust.identity}, log ${trust.freshness}: ${trust.reason}`,
    ...CHANGES[change].map((line) => `* ${line}`),
  ],
  contact: ({ address, name, trust, forked, verified, epoch, seq }) => [
    address,
    `    name   ${name ?? '-'}`,
    `    trust  ${trust}${verified === null ? '' : ` on ${minutes(verified)}`}`,
    `    log    ${count(epoch, 'rotation', 'rotations')}, ${count(seq + 1, 'entry', 'entries')}`,
    ...(forked ? [`    forked two logs contradict each other, and nothing is sent: handfast verify ${address}`] : []),
  ],
  forgotten: ({ address }) => [`forgotten  ${address}`],
  compare: ({ safetyNumber, heads }) =>
    heads.length === 0
      ? ['safety number, which the other side must see as well:', `  ${safetyNumber}`]
      : [
          'two logs of this address contradict each other: somebody else signs with its root key.',
          'Ask the owner, by voice, for the last hash that `handfast log` shows there. One of these must be it:',
          '',
          ...heads.map(({ epoch, seq, head }) => `  ${digits(head)}   ${describeBranch({ epoch, seq, head })}`),
          '',
          'If neither is, or the owner does not know of this, the owner should run handfast rotate.',
        ],
  notice: ({ about, address, change, code, message }) =>
    NOTICES[about]({ address, change, why: reason(code, message) }),
  changed: ({ change }) => CHANGES[change].map((line) => `* ${line}`),
  'safety-number': ({ peer, safetyNumber }) => [`* safety number with ${shortAddress(peer)}:`, `  ${safetyNumber}`],
  message: ({ peer, text }) => [`${shortAddress(peer)}: ${text}`],
  data: ({ peer, size }) => [`* ${shortAddress(peer)} sent ${fileSize(size)} of data`],
  delivery: ({ peer, state, code }) =>
    state === 'failed' ? [`* a message to ${shortAddress(peer)} was not delivered: ${code}`] : [],
  'past-message': ({ id, direction, at, state, code, text, base64 }) => [
    `${String(id).padStart(6)}  ${minutes(at)}  ${direction === 'out' ? `> ${state}${code === null ? '' : ` (${code})`}` : '<'}: ${text ?? `data ${base64}`}`,
  ],
  mailed: ({ peer, mailboxes, messages }) =>
    messages === 0
      ? []
      : [
          `* ${shortAddress(peer)} is not there: left in ${count(mailboxes.length, 'mailbox', 'mailboxes')} for when it is`,
        ],
  waiting: ({ peer, messages }) => [
    `* ${count(messages, 'message waits', 'messages wait')} here until ${shortAddress(peer)} has got ${messages === 1 ? 'it' : 'them'}: handfast listen delivers`,
  ],
  'not-sent': ({ text, code, message }) => [`handfast: not sent: ${reason(code, message)}: ${text.slice(0, 40)}`],
  ...fileWording,
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
    ...(forked ? [FORKED] : []),
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
