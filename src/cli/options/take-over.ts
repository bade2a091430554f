import type { Command } from 'commander'

/** What is done when a copy of the data folder is running elsewhere. */
export type TakeOverFlags = { readonly takeOver?: boolean | undefined }

export const takeOverOption = (command: Command): Command =>
  command.option('--take-over', 'when a copy of the data folder runs elsewhere, go on here and stop that one')
