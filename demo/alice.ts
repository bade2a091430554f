/** Alice's process: she calls Bob by his address. */

import { writeFile } from 'node:fs/promises'
import type { Connection, FileTransfer, Remote } from '../src/index.ts'
import { notify, serve } from './calls.ts'
import { countKinds, encodeCapture } from './capture.ts'
import { createPerson, type Parts, type Person, realParts } from './person.ts'
import { type Piped, pipeThrough } from './pipe.ts'

/** Bytes of a file the other side has, and bytes in all. */
export type Progress = { readonly done: number; readonly size: number }

export type Alice = Person & {
  connect(address: string): Promise<Remote>
  /** Resolves when Bob has it on his disk. */
  say(text: string): Promise<void>
  hear(): Promise<string>
  /** Opens a byte stream to whoever serves `protocol` at Bob's, sends a file through it, and reads the answer. */
  pipe(protocol: string, path: string): Promise<Piped>
  /** Sends a file; its progress is reported as notices. */
  sendFile(path: string): Promise<FileTransfer>
  hangUp(): Promise<void>
  /** Her transport from now on dials the holder of `key` (32 B) instead of Bob, and does not say so; null: no more. */
  divert(key: Uint8Array | null): Promise<void>
  /** Writes down every frame that went through her transport since the last `forget`. */
  saveCapture(path: string): Promise<void>
  /** How many frames of each type she sent since the last `forget`. */
  sentKinds(): Promise<Readonly<Record<string, number>>>
  forget(): Promise<void>
}

export const createAlice = (parts: Parts = realParts, onProgress: (progress: Progress) => void = () => {}): Alice => {
  const { actions, wiretap, opened, say, hear } = createPerson(parts)
  let connection: Connection | undefined
  const bob = (): Connection => {
    if (connection === undefined) throw new Error('Alice is in no conversation')
    return connection
  }
  return {
    ...actions,
    connect: async (address) => {
      connection = await opened().peer.connect(address)
      return connection.remote
    },
    say: (text) => say(bob().remote.address, text),
    hear: () => hear(bob().remote.address),
    pipe: async (protocol, path) => pipeThrough(await opened().peer.dial(bob().remote.address, protocol), path),
    sendFile: async (path) => {
      const { files } = opened().peer
      const report = (done: number, size: number): void => onProgress({ done, size })
      const { id } = await files.send(bob().remote.address, path, { onProgress: report })
      return files.finished(id)
    },
    hangUp: () => bob().close(),
    divert: async (key) => wiretap.divert(key),
    saveCapture: (path) => writeFile(path, encodeCapture(wiretap.frames)),
    sentKinds: async () => countKinds(wiretap.frames.filter(({ outgoing }) => outgoing).map(({ frame }) => frame)),
    forget: async () => wiretap.forget(),
  }
}

if (import.meta.main) serve(createAlice(realParts, notify))
