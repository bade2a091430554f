import type { CliEvent, EventName, Wording } from './cli-events.ts'
import { explain } from './failure.ts'
import { fileWording } from './file-wording.ts'
import { count, DOUBTED, duration, EXPOSED, fileSize, minutes, reason, shortAddress } from './format.ts'
import { heldWording } from './held-wording.ts'
import { keyWording } from './key-wording.ts'
import { describeVolume, LIMITS } from './limit-wording.ts'
import { networkWording } from './network-wording.ts'
import { CHANGES, NOTICES } from './notice-wording.ts'
import { describePublication } from './publication-wording.ts'
import { requestWording } from './request-wording.ts'
import { trustWording } from './trust-wording.ts'

/**
 * How events read to people: the lines of each, plain text, in what they mean and not in the words of the specification. `terminal.ts`
 * sanitizes and prints them.
 */

/** Events that tell of something that went wrong: these go to stderr. */
export const TROUBLE: ReadonlySet<EventName> = new Set([
  'not-sent',
  'file-failed',
  'notice',
  'standing',
  'clock',
  'peer-went-back',
  'without-database',
  'limited',
])

type Ended = CliEvent<'disconnected'>

const ENDS: Readonly<Record<Ended['reason'], (peer: string, code: Ended['code']) => string>> = {
  left: (peer) => `${peer} has left`,
  closed: (peer) => `the connection to ${peer} was not needed any more; what you say makes a new one`,
  lost: (peer, code) => `${peer} ${reason(code, 'is gone without a goodbye')}`,
}

const describeFate = ({ state, code, exposed }: Pick<CliEvent<'past-message'>, 'state' | 'code' | 'exposed'>): string =>
  [state, ...(code === null ? [] : [explain(code)]), ...(exposed ? [EXPOSED] : [])].join(', ')

const describeAmount = (messages: number, files: number): readonly string[] => [
  ...(messages > 0 ? [count(messages, 'message', 'messages')] : []),
  ...(files > 0 ? [count(files, 'file', 'files')] : []),
]

/** What waits for somebody, if anything does. */
const describeKept = ({ messages, files }: Pick<CliEvent<'blocked'>, 'messages' | 'files'>): readonly string[] =>
  messages + files === 0 ? [] : [describeAmount(messages, files).join(' and ')]

type Exposed = Pick<CliEvent<'exposed'>, 'messages' | 'files' | 'received' | 'receivedFiles'>

const describeExposed = ({ messages, files, received, receivedFiles }: Exposed): string => {
  const [sent, came] = [describeAmount(messages, files), describeAmount(received, receivedFiles)]
  return [
    ...(sent.length > 0 ? [`others may have read ${sent.join(' and ')} that you sent to them`] : []),
    ...(came.length > 0 ? [`others may have made ${came.join(' and ')} that came from them`] : []),
  ].join(', and ')
}

/** A range where it is one. */
const describePorts = (ports: readonly number[]): string => {
  const [first = 0] = ports
  const isRange = ports.length > 1 && ports.every((port, index) => port === first + index)
  if (isRange) return `ports ${first} to ${first + ports.length - 1}`
  return `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`
}

const DIAL_STEPS: Readonly<Record<CliEvent<'dialling'>['step'], string>> = {
  again: 'it answers, and something between you lets nothing through; trying again from another port',
  random: 'a NAT between you gives each partner another port; trying many, which may take half a minute',
  relay: 'it cannot be reached directly yet; going through the relay that it names',
}

export const wording: Wording = {
  ...keyWording,
  ...trustWording,
  ...requestWording,
  ...fileWording,
  ...heldWording,
  node: ({ network, first, ports }) => [
    `node       ${network}${first ? ', the first of a new network' : ''}`,
    `open       UDP ${describePorts(ports)}, to everybody`,
    `others     handfast node --network ${network}`,
  ],
  listening: (publication) => [`address    ${publication.address}`, `published  ${describePublication(publication)}`],
  relaying: ({ key }) => [`relay      others name it with: handfast listen --relay-through ${key}`],
  dialling: ({ peer, step }) => [`* ${shortAddress(peer)}: ${DIAL_STEPS[step]}`],
  way: ({ peer, way }) => [
    way === 'direct'
      ? `* ${shortAddress(peer)}: the connection goes directly now`
      : `* ${shortAddress(peer)}: the connection goes through a relay now, which cannot read it`,
  ],
  watching: ({ http }) => [`watched    http://${http}/healthz and http://${http}/metrics`],
  keeping: ({ address }) => [`mailbox    others name it with: handfast mailboxes ${address}`],
  mailbox: ({ address }) => [address],
  forgotten: ({ address }) => [`forgotten  ${address}`],
  blocked: (waiting) => [
    `blocked    ${waiting.address}`,
    ...describeKept(waiting).map(
      (what) => `kept       ${what}, not sent before handfast contacts --unblock ${waiting.address}`,
    ),
  ],
  unblocked: (waiting) => [
    `unblocked  ${waiting.address}`,
    ...describeKept(waiting).map((what) => `waiting    ${what}, to be sent again: handfast listen delivers`),
  ],
  notice: ({ about, address, code, message }) => NOTICES[about]({ address, why: reason(code, message) }),
  clock: ({ here, there, networks }) => [
    `handfast: the clock of this computer is ${duration(Math.abs(here - there))} ${here > there ? 'ahead' : 'behind'}: it says ${minutes(here)}, and ${count(networks, 'network', 'networks')} of nodes ${minutes(there)}.`,
    'hint: set it, or nobody can tell what is fresh and others refuse what is signed here; if it is right, --clock-is-right',
  ],
  changed: ({ peer, change }) => CHANGES[change].map((line) => `* ${shortAddress(peer)}: ${line}`),
  ...networkWording,
  'safety-number': ({ peer, safetyNumber }) => [`* safety number with ${shortAddress(peer)}:`, `  ${safetyNumber}`],
  message: ({ peer, text }) => [`${shortAddress(peer)}: ${text}`],
  data: ({ peer, size }) => [`* ${shortAddress(peer)} sent ${fileSize(size)} of data`],
  unknown: ({ peer, kind }) => [
    `* ${shortAddress(peer)} sent something that ${kind === '' ? 'cannot be read' : 'needs a newer version of Handfast'}; it is kept`,
  ],
  delivery: ({ peer, state, code }) =>
    state === 'failed' ? [`* a message to ${shortAddress(peer)} was not delivered: ${explain(code)}`] : [],
  'peer-went-back': ({ peer, again, gone }) => [
    `handfast: the data folder of ${shortAddress(peer)} is older than what it had confirmed: ${[
      ...(again > 0 ? [`${count(again, 'message is', 'messages are')} sent again`] : []),
      ...(gone > 0 ? [`${count(gone, 'message is', 'messages are')} gone with it`] : []),
    ].join(', ')}`,
    ...(gone > 0 ? [`hint: once you are sure that its owner answers there: handfast resend ${peer}`] : []),
  ],
  deleted: ({ peer, messages }) => [
    `deleted    ${count(messages, 'message', 'messages')} with ${shortAddress(peer)}, on this side`,
  ],
  volumes: ({ messages, files }) => [...describeVolume('messages', messages), ...describeVolume('files', files)],
  cleared: ({ peer }) => [
    `cleared    what ${shortAddress(peer)} sent counts no more against what it may; its files stay`,
  ],
  strangers: ({ connections }) => [
    `* ${count(connections, 'more connection', 'more connections')} of those who are no contacts`,
  ],
  limited: ({ peer, code }) => LIMITS[code]?.(peer) ?? [],
  resent: ({ peer, messages }) => [
    messages === 0
      ? `* nothing that was said to ${shortAddress(peer)} is gone`
      : `* ${count(messages, 'message', 'messages')} to ${shortAddress(peer)} that ${messages === 1 ? 'was' : 'were'} gone: to be delivered again`,
  ],
  'past-message': ({ id, direction, at, text, base64, kind, ...fate }) => [
    `${String(id).padStart(6)}  ${minutes(at)}  ${direction === 'out' ? `> ${describeFate(fate)}` : `<${fate.exposed ? ` ${DOUBTED}` : ''}`}: ${text ?? (kind === null ? `data ${base64}` : 'needs a newer version of Handfast')}`,
  ],
  exposed: ({ peer, again, ...exposed }) => [
    `* ${shortAddress(peer)} took back keys that were stolen or lost: ${describeExposed(exposed)}`,
    ...(again > 0 ? [`* ${again} of these ${again === 1 ? 'is' : 'are'} sent again, to the new keys`] : []),
  ],
  'in-mailboxes': ({ peer, mailboxes, messages }) =>
    messages === 0
      ? []
      : [
          `* ${shortAddress(peer)} is not there: left in ${count(mailboxes.length, 'mailbox', 'mailboxes')} for when it is`,
        ],
  waiting: ({ peer, messages }) => [
    `* ${count(messages, 'message waits', 'messages wait')} here until ${shortAddress(peer)} has got ${messages === 1 ? 'it' : 'them'}: handfast listen delivers`,
  ],
  'not-sent': ({ text, code, message }) => [`handfast: not sent: ${reason(code, message)}: ${text.slice(0, 40)}`],
  disconnected: ({ peer, reason: end, code }) => [`* ${ENDS[end](shortAddress(peer), code)}`],
}
