import type { FileOffer, FileTransfer } from './file-api.ts'

/** What a peer tells of files without having been asked. */
export type FileEvent =
  /** a file is offered: told once, however often its sender connects and offers it again. Loops over offers give the same object */
  | { readonly type: 'offer'; readonly offer: FileOffer }
  /** so many files of that contact were refused that more are refused untold, for about `wait` seconds */
  | { readonly type: 'limited'; readonly address: string; readonly code: 'ERR_FILE_LIMIT'; readonly wait: number }
  /** a file changed its state, or went on */
  | { readonly type: 'file'; readonly transfer: FileTransfer }
