import { nodeId } from '../world/wire.ts'
import { pretend, showOld } from './answers.ts'
import { type Attack, giveOrders, nearest } from './attack.ts'

/** Whoever asks one of them is sent to the others: a reader that follows never hears of an honest node. */
export const colluding: Attack = {
  name: 'colluding',
  summary: 'shows the log and card from before, and names only other attackers as nearer',
  subvert: (member, plot) => {
    giveOrders(member, plot, (ask) => {
      const { target } = ask.request
      const friends = target === null ? [] : nearest(target, plot.attackers, ({ address }) => nodeId(address), NAMED)
      const closerNodes = friends.map(({ address }) => address)
      return pretend(ask, (id) => ({ ...showOld(plot, id), closerNodes }))
    })
  },
}

/** As many as HyperDHT names. */
const NAMED = 20
