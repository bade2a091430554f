import type { CliEvent, Wording } from './cli-events.ts'
import { count, shortAddress } from './format.ts'
import { describeFreshness, IDENTITY } from './trust-wording.ts'

/** Whom one talks to, and who waits to be let in, as people read it. */

type RequestWording = Pick<
  Wording,
  'request' | 'waits' | 'requests' | 'let-in' | 'refused' | 'addressee' | 'kept' | 'dropped'
>

/** Of so many that wait each is shown whole, and of so many on a line; more are counted, so that no crowd fills the screen. */
const WHOLE_MAX = 3
const LINES_MAX = 9

/** 10, 20, 40, 80, …: when those that wait are counted. */
const isCounted = (waiting: number): boolean => waiting >= 10 && Number.isInteger(Math.log2(waiting / 10))

const describeRequest = ({ id, peer, trust, safetyNumber }: CliEvent<'request'>): readonly string[] => [
  `* [${id}] somebody asks to be let in:`,
  `  ${peer}`,
  `* ${IDENTITY[trust.identity]}`,
  `* ${describeFreshness(trust)}`,
  '* safety number:',
  `  ${safetyNumber}`,
  `* /accept ${id} NAME lets it in, /refuse ${id} deletes what it left`,
]

const called = ({ peer, name }: { readonly peer: string; readonly name: string | null }): string =>
  name ?? shortAddress(peer)

export const requestWording: RequestWording = {
  request: (event) => {
    const { id, peer, waiting } = event
    if (waiting <= WHOLE_MAX) return describeRequest(event)
    if (waiting <= LINES_MAX) return [`* [${id}] ${shortAddress(peer)} asks to be let in: /requests ${id}`]
    return isCounted(waiting) ? [`* ${waiting} wait to be let in, and more are only counted: /requests`] : []
  },
  waits: ({ id, peer, connected, messages }) => [
    `* [${id}] ${shortAddress(peer)}, ${connected ? 'connected' : 'not connected'}, ${count(messages, 'message', 'messages')}`,
  ],
  requests: ({ waiting }) => [
    waiting === 0
      ? '* nobody waits to be let in'
      : `* ${waiting} ${waiting === 1 ? 'waits' : 'wait'}: /requests NUMBER, /accept NUMBER [NAME], /refuse NUMBER`,
  ],
  'let-in': (event) => [`* ${called(event)} is let in, as a contact: /to ${called(event)}`],
  refused: ({ peer, messages }) => [
    `* ${shortAddress(peer)} is refused${messages === 0 ? '' : `, and ${count(messages, 'message', 'messages')} deleted`}`,
  ],
  addressee: ({ peer, name, lines }) => [
    peer === null
      ? '* what you type goes to nobody'
      : `* what you type goes to ${called({ peer, name })}${lines === 0 ? '' : `, with ${count(lines, 'line that was', 'lines that were')} kept`}`,
  ],
  kept: () => ['* kept: to whom? /to NAME sends what is kept, /drop forgets it'],
  dropped: ({ lines }) => [`* ${count(lines, 'line', 'lines')} dropped`],
}
