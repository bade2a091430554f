import type { Remote } from '../../../src/connection/remote.ts'
import type { FileOffer, FileTransfer } from '../../../src/files/file-api.ts'
import type { Message } from '../../../src/messages/message.ts'
import type { Request } from '../../../src/peer/request.ts'

/** Things that happen to a peer, for tests of what is told of them. */

export const OWN = 'hf1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'
export const PEER = 'hf1kh9wk63pek84h4yjgpu5hsrreavjjgswdyjmwnhmtqra00apu4tqy99zse'

export const HASH = 'ab'.repeat(32)

export const remoteOf = (changed: Partial<Remote> = {}): Remote => ({
  ...{
    address: PEER,
    epoch: 0,
    seq: 0,
    head: 'ab',
    safetyNumber: '12345',
    change: 'none',
    direction: 'in',
    way: 'direct',
  },
  trust: { identity: 'unknown', freshness: 'stale', reason: 'a test' },
  ...changed,
})

export const requestOf = (id: number, address = PEER): Request => ({
  ...{ id, address, safetyNumber: '12345', since: 0, connected: true, messages: 0 },
  trust: { identity: 'unknown', freshness: 'stale', reason: 'a test' },
})

type About = Partial<Omit<Message, 'text' | 'data' | 'unknown'>>

export const messageOf = (id: number, said: string | Uint8Array, about: About = {}): Message => ({
  ...{
    id,
    hash: HASH,
    peer: PEER,
    from: PEER,
    direction: 'in',
    app: 'handfast',
    sentAt: 0,
    state: 'arrived',
    reason: null,
    exposed: false,
  },
  ...(typeof said === 'string' ? { text: said } : { data: said }),
  ...about,
})

export const transferOf = (id: number, changed: Partial<FileTransfer> = {}): FileTransfer => ({
  ...{ id, hash: HASH, peer: PEER, direction: 'out', name: 'a.txt', size: 100, sha256: 'ab', path: '/a.txt' },
  ...{ at: 1_767_225_600_999, done: 50, state: 'sending', reason: null, exposed: false },
  ...changed,
})

/** An offer that says what is done with it. */
export const offerOf = (done: (what: string) => void, error?: Error): FileOffer => ({
  ...{ peer: PEER, name: 'a.txt', size: 100, sha256: 'ab' },
  accept: async (folder) => {
    done(`accept ${folder}`)
    throw error ?? new Error('an event tells what becomes of it')
  },
  refuse: async () => done('refuse'),
})

/** A message of a kind that this version does not know. */
export const unknownOf = (id: number, kind: string): Message => {
  const { text: _, data: __, ...message } = messageOf(id, '')
  return { ...message, unknown: kind }
}
