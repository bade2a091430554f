/** What each storage node answered to a lookup, and what Handfast's own checks say of every single answer. */

import { verifyCard } from '../src/core/card.ts'
import { HandfastError } from '../src/core/errors.ts'
import { verifyLog } from '../src/core/key-log.ts'
import { type DirectoryNetwork, nameOf } from '../src/directory/network-port.ts'
import { COMMAND, decodeGetAnswer } from '../src/directory/request-format.ts'

/** 'sound', 'empty', or the code of the check that failed, with the number of nodes. */
export type Verdicts = Readonly<Record<string, number>>

export type AnswerRecord = {
  wrap(network: DirectoryNetwork): DirectoryNetwork
  forget(): void
  /** The verdict on the first page of every node heard since `forget`. `now` is in seconds. */
  judge(id: Uint8Array, now: number): Verdicts
}

export const createAnswerRecord = (): AnswerRecord => {
  const answers = new Map<string, Uint8Array>()
  return {
    wrap: (network) => ({
      ...network,
      request: async (node, request) => {
        const answer = await network.request(node, request)
        const name = nameOf(node)
        if (request.command === COMMAND.get && answer?.value && !answers.has(name)) answers.set(name, answer.value)
        return answer
      },
    }),
    forget: () => answers.clear(),
    judge: (id, now) => {
      const verdicts: Record<string, number> = {}
      for (const answer of answers.values()) {
        const verdict = judgeAnswer(id, answer, now)
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
      }
      return verdicts
    },
  }
}

const judgeAnswer = (id: Uint8Array, value: Uint8Array, now: number): string => {
  try {
    const { tip, entries, cards } = decodeGetAnswer(value)
    if (tip === null) return 'empty'
    const log = verifyLog(id, entries)
    for (const card of cards) verifyCard(card, log, now)
    return 'sound'
  } catch (error) {
    if (error instanceof HandfastError) return error.code
    throw error
  }
}
