import type { Remote } from '../../connection/remote.ts'
import { errorOf } from '../../core/error-of.ts'
import type { FileTransfer } from '../../files/file-api.ts'
import type { Message } from '../../messages/message.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import type { CliEvent } from './cli-events.ts'
import { clockEvent } from './clock-event.ts'
import { blockEvent } from './contact-event.ts'
import { reasonOf } from './failure.ts'
import { failedFileEvent } from './file-event.ts'
import { listeningEvent } from './listening-event.ts'
import { networkEvent } from './network-event.ts'
import { requestFields } from './request-event.ts'

/**
 * What a command tells of each thing that happens to its peer. This is the only source of what a person sees of a running peer: whoever
 * shows one elsewhere needs nothing but the same events.
 */
export type Reporter = (event: PeerEvent) => readonly CliEvent[]

export type ReporterOptions = {
  /** this peer's address */
  readonly own: string
  /** Whether offered files are taken. */
  readonly acceptFiles?: boolean
  /** Whether others may name this peer as their mailbox. */
  readonly keepsMailbox?: boolean
  /** Whether those who come and go are told of; otherwise only what became of their keys is. Default: true. */
  readonly introduces?: boolean
  /** this computer's clock, milliseconds since 1970 */
  readonly clock?: () => number
}

type NoticeAbout = CliEvent<'notice'>['about']

const notice = (about: NoticeAbout, address: string, error: unknown = null): CliEvent<'notice'> => {
  const why = error === null ? { code: null, message: '' } : reasonOf(error)
  return { event: 'notice', about, address, ...why }
}

const messageEvent = ({ from: peer, hash, text, data, unknown }: Message): CliEvent<'message' | 'data' | 'unknown'> => {
  if (unknown !== undefined) return { event: 'unknown', peer, hash, kind: unknown }
  return data === undefined
    ? { event: 'message', peer, hash, text }
    : { event: 'data', peer, hash, size: data.length, base64: Buffer.from(data).toString('base64') }
}

/** Peers that are remembered to have been introduced: anyone can make identities. */
const INTRODUCED_MAX = 10_000

/** Who came, and with what keys; the number to compare once per peer and run. */
const createIntroductions = () => {
  /** the latest; who was introduced long ago is so again */
  const introduced = new Set<string>()
  return ({
    address: peer,
    direction,
    epoch,
    seq,
    head,
    trust,
    change,
    way,
    safetyNumber,
  }: Remote): readonly CliEvent[] => {
    const connected = { event: 'connected', peer, direction, epoch, seq, head, trust, change, way } as const
    if (introduced.has(peer)) return [connected]
    introduced.add(peer)
    const [oldest = ''] = introduced
    if (introduced.size > INTRODUCED_MAX) introduced.delete(oldest)
    return [connected, { event: 'safety-number', peer, safetyNumber }]
  }
}

const isMoving = ({ state }: FileTransfer): boolean => state === 'sending' || state === 'receiving'

/** It waits for something else than its connection. */
const isHeld = ({ state, reason }: FileTransfer): boolean =>
  reason !== null && (state === 'offered' || state === 'waiting')

/** Only its sender takes a file back, and only by giving it up: that is told where it was asked for. */
const isTakenBack = ({ direction, reason }: FileTransfer): boolean =>
  direction === 'out' && reason === 'ERR_FILE_WITHDRAWN'

/** What became of files: that one goes on, each time it does, and how it ended. */
const createFileReport = () => {
  const moving = new Set<number>()
  const held = new Set<number>()
  return (transfer: FileTransfer): readonly CliEvent[] => {
    const { id, peer, direction, name, size, done, path, sha256, state, reason } = transfer
    if (isHeld(transfer)) {
      moving.delete(id)
      if (held.has(id)) return []
      held.add(id)
      const why = reasonOf(errorOf(reason ?? 'ERR_FILE_FULL'))
      return [{ event: 'file-held', peer, direction, name, size, done, ...why }]
    }
    // It goes on, or its connection has ended.
    held.delete(id)
    if (isMoving(transfer)) {
      if (moving.has(id)) return []
      moving.add(id)
      return done > 0 ? [{ event: 'file-resumed', peer, direction, name, size, done }] : []
    }
    moving.delete(id)
    if (state === 'saved') return [{ event: 'file-saved', peer, name, size, path }]
    if (state === 'delivered') return [{ event: 'file-sent', peer, name, size, sha256 }]
    if (state === 'gone') return [{ event: 'file-gone', peer, name, size }]
    if (state !== 'failed' || isTakenBack(transfer)) return []
    return [failedFileEvent(transfer, reasonOf(errorOf(reason ?? 'ERR_FILE_REFUSED')))]
  }
}

export const createReporter = (options: ReporterOptions): Reporter => {
  const { own, acceptFiles = false, keepsMailbox = false, introduces = true, clock = Date.now } = options
  const introduce = createIntroductions()
  const reportFile = createFileReport()

  const changed = (peer: string, change: Remote['change']): readonly CliEvent[] =>
    change === 'none' ? [] : [{ event: 'changed', peer, change }]

  return (event) => {
    switch (event.type) {
      case 'connected':
        return introduces ? introduce(event.remote) : changed(event.remote.address, event.remote.change)
      case 'disconnected': {
        if (!introduces) return []
        const code = event.error === null ? null : reasonOf(event.error).code
        return [{ event: 'disconnected', peer: event.remote.address, reason: event.reason, code }]
      }
      case 'request':
        return [{ event: 'request', ...requestFields(event.request), waiting: event.waiting }]
      case 'dialling':
        return [{ event: 'dialling', peer: event.address, step: event.step }]
      case 'way':
        return introduces ? [{ event: 'way', peer: event.remote.address, way: event.way }] : []
      case 'strangers':
        return introduces ? [{ event: 'strangers', connections: event.connections }] : []
      case 'message':
        return [messageEvent(event.message)]
      case 'delivery': {
        const { peer, id, hash, state, reason } = event.message
        return [{ event: 'delivery', peer, id, hash, state, code: reason }]
      }
      case 'peer-went-back':
        return [{ event: 'peer-went-back', peer: event.address, again: event.again, gone: event.gone }]
      case 'held':
        return [{ event: 'held', peer: event.address, here: event.here, code: event.code, wait: event.wait }]
      case 'limited': {
        const { address: peer, code, wait } = event
        return [{ event: 'limited', peer, code, wait }]
      }
      case 'in-mailboxes':
        return [{ event: 'in-mailboxes', peer: event.address, mailboxes: event.mailboxes, messages: event.messages }]
      case 'exposed': {
        const { address: peer, messages, files, received, receivedFiles, again } = event
        return [{ event: 'exposed', peer, messages, files, received, receivedFiles, again }]
      }
      case 'blocked':
      case 'unblocked':
        return [blockEvent(event.type, event)]
      case 'offer': {
        const { peer, name, size } = event.offer
        return [{ event: 'file-offered', peer, name, size, accepted: acceptFiles }]
      }
      case 'file':
        return reportFile(event.transfer)
      case 'changed':
        return changed(event.address, event.change)
      case 'forked':
        return [notice('forked', event.address)]
      case 'rolled-back':
      case 'copied':
        return [{ ...notice(event.type, own), message: new Date(event.since * 1000).toISOString() }]
      case 'peer-twin':
        return [notice('peer-twin', event.address)]
      case 'mailbox-failed':
        return [notice('mailbox-failed', event.address, event.error)]
      case 'mailbox-lost':
        return [notice('mailbox-lost', own)]
      case 'not-published':
        return [notice('not-published', own, event.error)]
      case 'unconfirmed':
        return [{ ...notice('unconfirmed', own), message: event.reason }]
      case 'listening':
        return [listeningEvent(own, event.publication), ...(keepsMailbox ? [keeping(own)] : [])]
      case 'clock':
        return [clockEvent(event, clock())]
      case 'missed':
        return [{ ...notice('missed', own), message: String(event.events) }]
      case 'network':
        return [networkEvent(event)]
      // The command ends with this error, and that tells it.
      case 'superseded':
      case 'twin':
      // No command lets its peer make an identity: `init` does, and shows the phrase.
      case 'created':
        return []
    }
  }
}

const keeping = (address: string): CliEvent<'keeping'> => ({ event: 'keeping', address })
