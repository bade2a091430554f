import { join } from 'node:path'
import type { HandfastError } from '../../core/errors.ts'
import { homeFolder } from '../terminal/home.ts'
import { readTypedPath, type TypedPath } from './typed-path.ts'

/** What somebody wants who types a line into a conversation. */
export type Intent = Said | FileIntent | { readonly kind: 'quit' }

/** What the help of each command that converses says of it. */
export const TYPED_HELP =
  'Typed: a line of text, //… for one that begins with a slash, /file PATH to send a file (a path that begins or ends with a blank in quotes, or with a backslash before it), /files and /cancel for those under way, /quit or Ctrl-D to say goodbye.'

/** What is for the other side. */
export type Said =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  /** a `/command` that does not exist: sending a mistyped one to the peer would be worse than asking again */
  | { readonly kind: 'unknown'; readonly text: string }
  /** what cannot be sent; `text` is its beginning, or what can be shown of it */
  | { readonly kind: 'unsendable'; readonly text: string; readonly error: HandfastError }

/** What is about files that are under way: which there are, or that one is given up; `id` is null for the only one there is. */
export type FileIntent =
  | { readonly kind: 'files' }
  | { readonly kind: 'cancel'; readonly id: number | null; readonly text: string }

/** Reads `/file PATH`, `/files`, `/cancel [ID]`, `/quit`, and `//…` for a text that begins with a slash; everything else is text. */
export const readTyped = (line: string): Intent => {
  if (line.startsWith('//')) return { kind: 'text', text: line.slice(1) }
  if (!line.startsWith('/')) return { kind: 'text', text: line }
  const path = /^\/file[ \t]/.test(line) ? readTypedPath(line.slice('/file'.length)) : null
  if (path !== null) return { kind: 'file', path: expandHome(path) }
  const [command, argument = ''] = /^(\S+)\s*(.*?)\s*$/.exec(line)?.slice(1) ?? []
  if (command === '/quit' && argument === '') return { kind: 'quit' }
  if (command === '/files' && argument === '') return { kind: 'files' }
  if (command === '/cancel' && /^\d{0,15}$/.test(argument))
    return { kind: 'cancel', id: argument === '' ? null : Number(argument), text: line }
  return { kind: 'unknown', text: line }
}

export const isAboutFiles = (intent: Intent): intent is FileIntent =>
  intent.kind === 'files' || intent.kind === 'cancel'

const expandHome = ({ path, plain }: TypedPath): string => {
  const home = plain && path.startsWith('~/') ? homeFolder() : ''
  return home === '' ? path : join(home, path.slice(2))
}
