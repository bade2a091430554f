/** The main job, second half: messages both ways, a byte stream, a file, and an end that both sides meant. */

import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Alice } from '../alice.ts'
import type { Bob } from '../bob.ts'
import { endOf, type Step } from '../stage.ts'

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
  const heard: string[] = []
  for (const turn of MESSAGES.alice.keys()) {
    for (const { name, from, to, texts } of sides) {
      const text = texts[turn] ?? ''
      step.show(name, text)
      const [, said] = await Promise.all([from.say(text), to.hear()])
      heard.push(said)
    }
  }
  const exact = (texts: readonly string[]): number => texts.filter((text) => heard.includes(text)).length
  step.check('messages Bob received, word for word', exact(MESSAGES.alice), MESSAGES.alice.length)
  step.check('messages Alice received, word for word', exact(MESSAGES.bob), MESSAGES.bob.length)
}

const PROTOCOL = 'sha256/1'
export const STREAMED = { name: 'stream.raw', size: 2 * 1024 * 1024 } as const

/** Alice opens a byte stream to Bob and sends what is in a file through it; resolves with those bytes. */
export const openStream = async (
  step: Step,
  { alice, bob }: { readonly alice: Pick<Alice, 'pipe'>; readonly bob: Pick<Bob, 'serve'> },
  folder: string,
): Promise<Uint8Array> => {
  const path = join(folder, STREAMED.name)
  const content = randomBytes(STREAMED.size)
  await writeFile(path, content)
  step.say(`Bob serves “${PROTOCOL}”; Alice dials it, writes, and ends her half.`)
  await bob.serve(PROTOCOL)
  const piped = await alice.pipe(PROTOCOL, path)
  step.show('Alice', sha256Of(content))
  step.show('Bob', piped.answer)
  step.check('bytes Alice wrote', piped.written, STREAMED.size)
  step.check('what Bob answered is their SHA-256', piped.answer, sha256Of(content))
  const unserved = await endOf(alice.pipe('nobody/1', path))
  step.check('dialling what Bob does not serve', unserved, 'StreamError ERR_STREAM_PROTOCOL')
  return content
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
  await alice.hangUp()
  step.check('Bob hears a goodbye, not a cut line', await bob.ending(), 'left')
}
