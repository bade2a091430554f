import { homedir } from 'node:os'
import { join } from 'node:path'

/** What somebody wants who types a line into a conversation. */
export type Intent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'quit' }
  /** a `/command` that does not exist: sending a mistyped one to the peer would be worse than asking again */
  | { readonly kind: 'unknown'; readonly text: string }

/** Reads `/file PATH`, `/quit`, and `//…` for a text that begins with a slash; everything else is text. */
export const readTyped = (line: string): Intent => {
  if (line.startsWith('//')) return { kind: 'text', text: line.slice(1) }
  if (!line.startsWith('/')) return { kind: 'text', text: line }
  const [command, argument] = /^(\S+)\s*(.*?)\s*$/.exec(line)?.slice(1) ?? []
  if (command === '/quit' && argument === '') return { kind: 'quit' }
  if (command === '/file' && argument) return { kind: 'file', path: expandHome(argument) }
  return { kind: 'unknown', text: line }
}

const expandHome = (path: string): string => (path.startsWith('~/') ? join(homedir(), path.slice(2)) : path)
