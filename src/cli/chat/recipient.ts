import type { PeerEvent } from '../../peer/peer-events.ts'
import type { Context } from '../context.ts'
import { shortAddress } from '../output/format.ts'
import type { Said } from './command-line-input.ts'
import type { Speaker } from './speaker.ts'

/** Several who are there, and one keyboard: who is addressed by what is typed. */
export type Recipient = {
  /** Who comes or speaks is addressed from now on, until somebody else does, or it leaves. */
  hear(event: PeerEvent): void
  say(intent: Said): Promise<void>
}

export const createRecipient = (
  { terminal, emit }: Pick<Context, 'terminal' | 'emit'>,
  speaker: Pick<Speaker, 'say'>,
): Recipient => {
  /** how many connections there are with each; the one that connected or spoke last comes last */
  const present = new Map<string, number>()
  let addressed: string | undefined

  /** Nobody may push in front while a line is being typed: it was meant for the one whose name stands at the prompt. */
  const choose = (): void => {
    if (terminal.typing) return
    addressed = [...present.keys()].at(-1)
    terminal.prompt(addressed === undefined ? '> ' : `to ${shortAddress(addressed)}> `)
  }
  const turnTo = (address: string, connections: number): void => {
    present.delete(address)
    present.set(address, connections)
    choose()
  }
  const part = (address: string, hasLeft: boolean): void => {
    const before = present.get(address)
    if (before === undefined) return
    const connections = before - 1
    // A connection that this side did not need any more says nothing of who is at the other end: what is typed makes a new one.
    if (connections > 0 || !hasLeft) return void present.set(address, Math.max(0, connections))
    present.delete(address)
    if (addressed === address) addressed = undefined
    choose()
  }

  return {
    hear: (event) => {
      if (event.type === 'connected') turnTo(event.remote.address, (present.get(event.remote.address) ?? 0) + 1)
      else if (event.type === 'disconnected') part(event.remote.address, event.reason !== 'closed')
      else if (event.type === 'message') {
        const connections = present.get(event.message.from)
        if (connections !== undefined) turnTo(event.message.from, connections)
      }
    },
    say: async (intent) => {
      const to = addressed
      choose()
      if (to !== undefined) return speaker.say(to, intent)
      const text = intent.kind === 'file' ? intent.path : intent.text
      await emit({ event: 'not-sent', text, code: null, message: 'nobody is there' })
    },
  }
}
