import { pretend, showOld } from './answers.ts'
import { type Attack, giveOrders } from './attack.ts'

/** It confirms every update and goes on showing the log and card from before, which are signed and not yet expired. */
export const stale: Attack = {
  name: 'stale',
  summary: 'confirms every update, and goes on showing the log and card from before',
  subvert: (member, plot) => giveOrders(member, plot, (ask) => pretend(ask, (id) => showOld(plot, id))),
}
