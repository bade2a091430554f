import type { Payload } from './payloads.ts'
import type { World } from './ports.ts'

/** What the parts of a connection use to speak: each call encrypts at once, in the order of the calls. */
export type Line = {
  readonly world: World
  say(payload: Payload): Promise<void>
  sendChunk(id: Uint8Array, index: number, token: Uint8Array): Promise<void>
}
