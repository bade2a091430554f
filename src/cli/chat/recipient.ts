import { type HandfastError, UsageError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { reasonOf } from '../output/failure.ts'
import { count, shortAddress } from '../output/format.ts'
import type { Said } from './command-line-input.ts'
import type { Speaker } from './speaker.ts'

/** Somebody, and what it is called here. */
export type Named = { readonly address: string; readonly name: string | null }

/**
 * Several who may be there, and one keyboard: whom a typed line is for. Only the person who types decides that; whoever comes, speaks or leaves
 * changes nothing. A line is for the one whose name stood at the prompt while it was typed:
 *
 *     nobody --turn--> somebody --turn--> somebody else, or nobody
 *
 * What is typed for nobody is kept until somebody is named, or it is dropped. What is piped in is refused then: there is no prompt to see.
 */
export type Recipient = {
  /** Whom lines are for now. */
  readonly address: string | null
  /** Lines are for that one from now on, those that were kept among them; null for nobody. */
  turn(to: Named | null): Promise<void>
  /** What goes wrong is reported, and never thrown. */
  say(intent: Said): Promise<void>
  /** Forgets what was kept. */
  drop(): Promise<void>
  /** Reports what was kept to the end. */
  end(): Promise<void>
}

/** Lines and files that wait for a name: what a person would still want sent, and 3 MiB at most. */
export const KEPT_LINES_MAX = 100

const NOBODY = new UsageError('ERR_USAGE', { hint: 'to whom? /to NAME says it, or listen --to NAME' })
const NOT_MORE = new UsageError('ERR_USAGE', { hint: `${KEPT_LINES_MAX} lines wait: to whom? /to NAME, or /drop` })

/** What stands before a typed line: who gets it. No name looks like nobody. */
export const promptFor = (to: Named | null): string => (to === null ? 'nobody> ' : `to ${labelOf(to)}> `)

const labelOf = ({ address, name }: Named): string => name ?? shortAddress(address)

const textOf = (intent: Said): string => (intent.kind === 'file' ? intent.path : intent.text)

export const createRecipient = (
  {
    terminal,
    emit,
  }: Pick<Context, 'emit'> & { readonly terminal: Pick<Context['terminal'], 'prompt' | 'interactive'> },
  speaker: Pick<Speaker, 'say'>,
  first: Named | null = null,
): Recipient => {
  let to = first
  let kept: readonly Said[] = []

  const show = (): void =>
    terminal.prompt(kept.length > 0 ? `nobody, ${count(kept.length, 'line', 'lines')} kept> ` : promptFor(to))
  const refuse = async (intent: Said, error: HandfastError): Promise<void> => {
    await emit({ event: 'not-sent', text: textOf(intent), ...reasonOf(error) })
  }
  const keep = async (intent: Said): Promise<void> => {
    kept = [...kept, intent]
    show()
    if (kept.length === 1) await emit({ event: 'kept', lines: 1 })
  }
  show()

  return {
    get address() {
      return to?.address ?? null
    },
    turn: async (next) => {
      to = next
      const waited = next === null ? [] : kept
      if (next !== null) kept = []
      show()
      const told = emit({
        ...{ event: 'addressee', peer: next?.address ?? null, name: next?.name ?? null, lines: waited.length },
      })
      // All at once: what is typed meanwhile comes after them.
      if (next !== null) await Promise.all(waited.map((intent) => speaker.say(next.address, intent)))
      await told
    },
    say: async (intent) => {
      if (to !== null) return speaker.say(to.address, intent)
      // What cannot be sent to anybody need not wait for somebody.
      if (intent.kind === 'unsendable') return refuse(intent, intent.error)
      if (!terminal.interactive) return refuse(intent, NOBODY)
      if (kept.length >= KEPT_LINES_MAX) return refuse(intent, NOT_MORE)
      await keep(intent)
    },
    drop: async () => {
      const lines = kept.length
      kept = []
      show()
      await emit({ event: 'dropped', lines })
    },
    end: async () => {
      const left = kept
      kept = []
      for (const intent of left) await refuse(intent, NOBODY)
    },
  }
}
