import { type Attack, giveOrders } from './attack.ts'

/** It answers pings, so that routing tables keep it, and nothing that is asked of the directory: each such question costs time. */
export const silent: Attack = {
  name: 'silent',
  summary: 'answers pings, and nothing that is asked of the directory',
  subvert: (member, plot) => giveOrders(member, plot, () => 'silence'),
}
