import { once } from 'node:events'
import type { TestContext } from 'node:test'
import type { SecretStream } from 'hyperdht'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import { codeOf, nextOf, startPair } from './loopback-network.ts'

/** What the tests of frame streams share. */

export const FRAME = 0
export const ROOM = 1

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const message = (kind: number, body: Uint8Array): Uint8Array => Uint8Array.from([kind, ...body])

/** Collects until the stream ends; the error's code, if it ends with one. */
export const collect = async (stream: FrameStream): Promise<{ frames: Uint8Array[]; code: unknown }> => {
  const frames: Uint8Array[] = []
  const code = await codeOf(
    (async () => {
      for await (const frame of stream.receive()) frames.push(frame)
    })(),
  )
  return { frames, code }
}

/** Mallory speaks to Bob with the encrypted stream itself: no frames, no window, no manners. */
export const startMallory = async (t: TestContext): Promise<{ mallory: SecretStream; bob: FrameStream }> => {
  const pair = await startPair(t)
  const mallory = pair.alice.dht.connect(Buffer.from(pair.bobTransport.publicKey))
  mallory.on('error', () => undefined)
  await once(mallory, 'connect')
  return { mallory, bob: await nextOf(await pair.bobTransport.listen()) }
}
