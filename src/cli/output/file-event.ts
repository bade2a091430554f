import type { FileTransfer } from '../../files/file-api.ts'
import type { CliEvent } from './cli-events.ts'
import type { Reason } from './talk-events.ts'

/** Files, as the answers to a question tell of them: which there are, which is given up, which goes on another time. */

export const fileEvent = (transfer: FileTransfer): CliEvent<'file'> => {
  const { id, peer, direction, name, size, done, at, state, reason, exposed, path, sha256 } = transfer
  const when = { at: Math.floor(at / 1000), state, code: reason, exposed }
  return { event: 'file', id, peer, direction, name, size, done, ...when, path, sha256 }
}

export const cancelledEvent = ({ id, peer, direction, name, size }: FileTransfer): CliEvent<'file-cancelled'> => ({
  ...{ event: 'file-cancelled', id, peer, direction, name, size },
})

export const waitingFileEvent = (transfer: FileTransfer): CliEvent<'file-waiting'> => {
  const { peer, direction, name, size, done } = transfer
  return { event: 'file-waiting', peer, direction, name, size, done }
}

type Failed = Pick<FileTransfer, 'peer' | 'direction' | 'name'>

export const failedFileEvent = ({ peer, direction, name }: Failed, why: Reason): CliEvent<'file-failed'> => ({
  ...{ event: 'file-failed', peer, direction, name, ...why },
})
