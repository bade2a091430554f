import { NOTHING, pretend } from './answers.ts'
import { type Attack, giveOrders } from './attack.ts'

/** It confirms every PUT and keeps none. Half of these nodes say so in the directory's words, half send no value at all. */
export const nothing: Attack = {
  name: 'null',
  summary: 'confirms every PUT, and says it holds nothing',
  subvert: (member, plot) => {
    const value = plot.random.uniform() < 0.5 ? NOTHING : null
    giveOrders(member, plot, (ask) => pretend(ask, () => ({ value })))
  },
}
