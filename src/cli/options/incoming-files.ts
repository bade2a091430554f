import type { Command } from 'commander'

/** Where offered files go, and whether they are taken at all. */
export type IncomingFiles = { readonly acceptFiles: boolean; readonly download: string | undefined }

export type IncomingFileFlags = { readonly acceptFiles?: boolean; readonly download?: string }

export const incomingFileOptions = (command: Command): Command =>
  command
    .option('--accept-files', 'save the files that peers offer; without it they are refused')
    .option('--download <dir>', 'where to save them (default: the folder "received" in the data folder)')

export const readIncomingFiles = ({ acceptFiles = false, download }: IncomingFileFlags): IncomingFiles => ({
  acceptFiles,
  download,
})
