import assert from 'node:assert/strict'
import { createQueue } from '../../src/connection/queue.ts'
import type { Line, Service } from '../../src/connection/service.ts'
import { utf8 } from '../../src/core/bytes.ts'

/** Something else that is said on the connections that files go over. */
export type Talk = {
  readonly service: Service
  /** Says it on the newest connection. */
  say(text: string): Promise<void>
  /** The next that was said to this side. */
  next(): Promise<string>
}

/** What a side that keeps no rule says to be heard by `next`. */
export const said = (text: string) => ({ k: 'visit', d: utf8(text) }) as const

export const createTalk = (): Talk => {
  const heard = createQueue<string>()
  let newest: Line | undefined
  return {
    service: {
      kinds: ['visit'],
      attach: (line) => {
        newest = line
        return {
          handle: (payload) => payload.k === 'visit' && heard.put(Buffer.from(payload.d).toString()),
          detach: () => {},
        }
      },
    },
    say: async (text) => newest?.say(said(text)) ?? assert.fail('nobody is connected'),
    next: async () => (await heard.take()) ?? assert.fail('nothing was said'),
  }
}
