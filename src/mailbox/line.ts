/** What a mailbox and its guest need of the connection between them: messages of bytes, private and in order. */
export type Line = {
  /** Sends one message of at most 32 KiB. @throws the signal's reason; what broke the connection */
  send(message: Uint8Array, options: { readonly signal: AbortSignal }): Promise<void>
  /** The next message; null after a goodbye. @throws as `send` */
  receive(options: { readonly signal: AbortSignal }): Promise<Uint8Array | null>
}
