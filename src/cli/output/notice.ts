import type { Notice } from '../../contacts/notice.ts'
import type { Emit } from './events.ts'
import { reasonOf } from './failure.ts'

/** Reports what a peer has to tell unasked. @param own this peer's address */
export const reportNotice = ({ emit }: { readonly emit: Emit }, own: string, notice: Notice): void => {
  if (notice.type === 'mailed') {
    const { address: peer, mailboxes, messages } = notice
    emit({ event: 'mailed', peer, mailboxes, messages })
    return
  }
  const about = notice.type
  const change = notice.type === 'changed' ? notice.change : 'none'
  const message = notice.type === 'unconfirmed' ? notice.reason : ''
  const reason = 'error' in notice ? reasonOf(notice.error) : { code: null, message }
  emit({ event: 'notice', about, address: 'address' in notice ? notice.address : own, change, ...reason })
}
