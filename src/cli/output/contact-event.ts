import type { Contact } from '../../contacts/contact-api.ts'
import { hex } from '../../core/bytes.ts'
import type { CliEvent } from './cli-events.ts'
import { datedOf } from './dated.ts'

/** Whom the data folder knows, and how sure that is. */
export const contactEvent = ({ address, name, trust, log, verified, added, fork }: Contact): CliEvent<'contact'> => {
  const { epoch, last } = log
  const head = { epoch, seq: last.entry.seq, head: hex(last.hash) }
  return { event: 'contact', address, name, trust, ...head, ...datedOf(log), forked: fork !== null, verified, added }
}
