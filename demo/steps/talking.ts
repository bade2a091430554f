/** The main job, second half: messages both ways, a file, and an end that both sides meant. */

import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Alice } from '../alice.ts'
import type { Bob } from '../bob.ts'
import type { Step } from '../stage.ts'

type Pair = { readonly alice: Alice; readonly bob: Bob }

export const MESSAGES = {
  alice: ['Bob, are you there? It is me, Alice.', 'The word of the day is “heliotrope”.'],
  bob: ['Alice! I read the same number as you.', 'Heliotrope. And nobody else heard it?'],
} as const

export const exchangeMessages = async (step: Step, { alice, bob }: Pair): Promise<void> => {
  const sides = [
    { name: 'Alice', from: alice, to: bob, texts: MESSAGES.alice },
    { name: 'Bob', from: bob, to: alice, texts: MESSAGES.bob },
  ]
  const heard: (string | null)[] = []
  for (const turn of MESSAGES.alice.keys()) {
    for (const { name, from, to, texts } of sides) {
      const text = texts[turn] ?? ''
      step.show(name, text)
      await from.say(text)
      heard.push(await to.hear())
    }
  }
  const exact = (texts: readonly string[]): number => texts.filter((text) => heard.includes(text)).length
  step.check('messages Bob received, word for word', exact(MESSAGES.alice), MESSAGES.alice.length)
  step.check('messages Alice received, word for word', exact(MESSAGES.bob), MESSAGES.bob.length)
}

export const FILE = { name: 'holiday.raw', size: 10 * 1024 * 1024 } as const

/** Alice sends a file of random bytes; resolves with those bytes. */
export const sendFile = async (step: Step, { alice, bob }: Pair, folder: string): Promise<Uint8Array> => {
  const path = join(folder, FILE.name)
  const content = randomBytes(FILE.size)
  await writeFile(path, content)
  const [sent, saved] = await Promise.all([alice.sendFile(path), bob.saveFile(join(folder, 'received'))])
  step.progress(FILE.size, FILE.size)
  const [there, here] = [sha256Of(content), sha256Of(await readFile(saved))]
  step.say('SHA-256 of the file on Alice’s disk, and on Bob’s:')
  step.show('Alice', there)
  step.show('Bob', here)
  step.check('Bob’s file is Alice’s', here, there)
  step.check('and so says the transfer itself', sent.sha256, there)
  step.check('bytes', sent.size, FILE.size)
  return content
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Alice says goodbye: Bob learns that nothing is missing. */
export const sayGoodbye = async (step: Step, { alice, bob }: Pair): Promise<void> => {
  const [, end] = await Promise.all([alice.hangUp(), bob.hear()])
  step.check('Bob hears a goodbye, not a cut line', end === null, true)
}
