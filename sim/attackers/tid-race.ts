import { encodeReply, nodeId } from '../world/wire.ts'
import { askedFor, NOTHING, pretend, showOld } from './answers.ts'
import { type Ask, type Attack, giveOrders, nearestHonest, type Plot } from './attack.ts'

/**
 * Replies are matched to requests by a number of 16 bits that counts up. Whoever is asked knows the number of the moment, and sends answers
 * to the requests that come next, before those who were asked can.
 */
export const tidRace: Attack = {
  name: 'tid-race',
  summary: 'answers requests to others with guessed numbers, from its own address',
  subvert: (member, plot) => {
    giveOrders(member, plot, (ask) => {
      for (let ahead = 1; ahead <= GUESSES; ahead++) inject(plot, ask, ahead, member.address)
      return pretend(ask, (id) => showOld(plot, id))
    })
  },
}

/** The same by somebody whose network lets forged sender addresses out: it answers in the name of the honest nodes near the target. */
export const forgedSender: Attack = {
  name: 'forged-sender',
  summary: 'answers requests to others with guessed numbers, in the name of those who were asked',
  subvert: (member, plot) => {
    giveOrders(member, plot, (ask) => {
      const { target } = ask.request
      const named = target === null ? [] : nearestHonest(plot, target, IMPERSONATED)
      for (const { address } of named) for (let ahead = 1; ahead <= GUESSES; ahead++) inject(plot, ask, ahead, address)
      return pretend(ask, (id) => showOld(plot, id))
    })
  },
}

const GUESSES = 12
const IMPERSONATED = 10

const inject = (plot: Plot, ask: Ask, ahead: number, as: { host: string; port: number }): void => {
  const id = askedFor(ask)
  if (id === null) return
  const order = plot.random.uniform() < 0.5 ? showOld(plot, id) : { value: NOTHING }
  const reply = encodeReply({
    tid: (ask.request.tid + ahead) & 0xffff,
    to: ask.from,
    id: nodeId(as),
    token: plot.random.bytes(32),
    closerNodes: [],
    error: 0,
    value: order.value,
  })
  plot.world.network.send({ from: as, to: ask.from, data: reply })
}
