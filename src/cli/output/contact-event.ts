import type { Blocked, Contact } from '../../contacts/contact-api.ts'
import { hex } from '../../core/bytes.ts'
import type { CliEvent } from './cli-events.ts'
import { datedOf } from './dated.ts'

/** Whom the data folder knows, and how sure that is. */
export const contactEvent = ({
  address,
  name,
  trust,
  log,
  verified,
  added,
  fork,
  blocked,
}: Contact): CliEvent<'contact'> => {
  const { epoch, last } = log
  const head = { epoch, seq: last.entry.seq, head: hex(last.hash) }
  return {
    event: 'contact',
    address,
    name,
    trust,
    ...head,
    ...datedOf(log),
    forked: fork !== null,
    verified,
    added,
    blocked,
  }
}

/** Somebody whom the owner of the folder does not deal with, or does again. */
export const blockEvent = <N extends 'blocked' | 'unblocked'>(
  event: N,
  { address, messages, files }: Omit<Blocked, 'name' | 'since'>,
) => ({
  event,
  address,
  messages,
  files,
})
