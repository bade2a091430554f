import { join } from 'node:path'
import type { HandfastError } from '../../core/errors.ts'
import { homeFolder } from '../terminal/home.ts'
import { readTypedPath, type TypedPath } from './typed-path.ts'

/** What somebody wants who types a line into a conversation. */
export type Intent = Said | FileIntent | PeopleIntent | Unknown | { readonly kind: 'quit' }

/** What the help of each command that converses says of it. */
export const TYPED_HELP =
  'Typed: a line of text, //… for one that begins with a slash, /file PATH to send a file (a path that begins or ends with a blank in quotes, or with a backslash before it), /files and /cancel for those under way, /quit or Ctrl-D to say goodbye.'

/** And that of one that converses with several. */
export const PEOPLE_HELP =
  'Whom it is for: /to NAME turns to somebody, /to alone to nobody, /drop forgets lines that were kept because nobody was named. Strangers: /requests tells who waits, /accept NUMBER [NAME] lets one in, /refuse NUMBER deletes what it left.'

/** What is for the other side. */
export type Said =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  /** what cannot be sent; `text` is its beginning, or what can be shown of it */
  | { readonly kind: 'unsendable'; readonly text: string; readonly error: HandfastError }

/** A `/command` that does not exist: sending a mistyped one to the peer would be worse than asking again. */
export type Unknown = { readonly kind: 'unknown'; readonly text: string }

/** What is about those who are there; `who` is a name, an address, a link, or the number of a request, and '' for nobody, or all. */
export type PeopleIntent = { readonly text: string } & (
  | { readonly kind: 'to' | 'requests' | 'refuse'; readonly who: string }
  | { readonly kind: 'accept'; readonly who: string; readonly name: string | undefined }
  | { readonly kind: 'drop' }
)

/** What is about files that are under way: which there are, or that one is given up; `id` is null for the only one there is. */
export type FileIntent =
  | { readonly kind: 'files' }
  | { readonly kind: 'cancel'; readonly id: number | null; readonly text: string }

/**
 * Reads `/file PATH`, `/files`, `/cancel [ID]`, `/quit`, what is about people, and `//…` for a text that begins with a slash; everything else
 * is text.
 */
export const readTyped = (line: string): Intent => {
  if (line.startsWith('//')) return { kind: 'text', text: line.slice(1) }
  if (!line.startsWith('/')) return { kind: 'text', text: line }
  const path = /^\/file[ \t]/.test(line) ? readTypedPath(line.slice('/file'.length)) : null
  if (path !== null) return { kind: 'file', path: expandHome(path) }
  const [command = '', argument = ''] = /^(\S+)\s*(.*?)\s*$/.exec(line)?.slice(1) ?? []
  if (command === '/quit' && argument === '') return { kind: 'quit' }
  if (command === '/files' && argument === '') return { kind: 'files' }
  if (command === '/cancel' && /^\d{0,15}$/.test(argument))
    return { kind: 'cancel', id: argument === '' ? null : Number(argument), text: line }
  return readAboutPeople(command, argument, line) ?? { kind: 'unknown', text: line }
}

/** Reads `/to [WHO]`, `/requests [NUMBER]`, `/accept WHO [NAME]`, `/refuse WHO` and `/drop`. */
const readAboutPeople = (command: string, argument: string, text: string): PeopleIntent | null => {
  if (command === '/to') return { kind: 'to', who: argument, text }
  if (command === '/requests') return { kind: 'requests', who: argument, text }
  if (command === '/refuse' && argument !== '') return { kind: 'refuse', who: argument, text }
  if (command === '/drop' && argument === '') return { kind: 'drop', text }
  if (command !== '/accept' || argument === '') return null
  const [who = '', name] = /^(\S+)(?:\s+(.+))?$/.exec(argument)?.slice(1) ?? []
  return { kind: 'accept', who, name, text }
}

export const isAboutFiles = (intent: Intent): intent is FileIntent =>
  intent.kind === 'files' || intent.kind === 'cancel'

const PEOPLE: ReadonlySet<Intent['kind']> = new Set(['to', 'requests', 'accept', 'refuse', 'drop'])

export const isAboutPeople = (intent: Intent): intent is PeopleIntent => PEOPLE.has(intent.kind)

const expandHome = ({ path, plain }: TypedPath): string => {
  const home = plain && path.startsWith('~/') ? homeFolder() : ''
  return home === '' ? path : join(home, path.slice(2))
}
