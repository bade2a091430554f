import type { Context } from '../context.ts'
import { shortAddress } from '../output/format.ts'
import type { Conversation } from './conversation.ts'

/** Several conversations and one keyboard: who is addressed by what is typed. */
export type Recipient = {
  /** This peer came, or spoke: typed lines go to it now. */
  turnTo(conversation: Conversation, address: string): void
  /** A message of this peer came, on whatever way. */
  heardFrom(address: string): void
  leave(conversation: Conversation): void
  say(intent: Parameters<Conversation['say']>[0]): Promise<void>
  /** Resolves when no file of those present is on its way any more. */
  settled(): Promise<void>
}

export const createRecipient = ({ terminal, emit }: Pick<Context, 'terminal' | 'emit'>): Recipient => {
  /** the one that connected or spoke last comes last */
  const present = new Map<Conversation, string>()
  let addressed: Conversation | undefined

  /** Nobody may push in front while a line is being typed: it was meant for the one whose name stands at the prompt. */
  const choose = (): void => {
    if (terminal.typing) return
    addressed = [...present.keys()].at(-1)
    const address = addressed === undefined ? undefined : present.get(addressed)
    terminal.prompt(address === undefined ? '> ' : `to ${shortAddress(address)}> `)
  }

  return {
    turnTo: (conversation, address) => {
      present.delete(conversation)
      present.set(conversation, address)
      choose()
    },
    heardFrom: (address) => {
      const speaker = [...present].findLast(([, name]) => name === address)
      if (speaker === undefined) return
      present.delete(speaker[0])
      present.set(...speaker)
      choose()
    },
    leave: (conversation) => {
      present.delete(conversation)
      if (addressed === conversation) addressed = undefined
      choose()
    },
    say: async (intent) => {
      const to = addressed
      choose()
      if (to !== undefined) return to.say(intent)
      const text = intent.kind === 'file' ? intent.path : intent.text
      emit({ event: 'not-sent', text, code: null, message: 'nobody is there' })
    },
    settled: async () => {
      await Promise.all([...present.keys()].map((conversation) => conversation.settled()))
    },
  }
}
