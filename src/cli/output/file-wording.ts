import type { CliEvent, Wording } from './cli-events.ts'
import { explain } from './failure.ts'
import { DOUBTED, EXPOSED, fileSize, minutes, reason, shortAddress } from './format.ts'

/** How events about files read to people. */

type FileWording = Pick<Wording, 'file' | (`file-${string}` & keyof Wording)>

export const fileWording: FileWording = {
  file: ({ id, peer, direction, name, size, done, at, state, code, exposed }) => [
    `${String(id).padStart(6)}  ${minutes(at)}  ${direction === 'out' ? '>' : '<'} ${shortAddress(peer)}  ${describeState(state, code, done, size)}${exposed ? `, ${direction === 'out' ? EXPOSED : DOUBTED}` : ''}: ${name} (${fileSize(size)})`,
  ],
  'file-offered': ({ peer, name, size, accepted }) => [
    `* ${shortAddress(peer)} offers ${name} (${fileSize(size)})`,
    ...(accepted ? [] : ['* refused: start with --accept-files to take files']),
  ],
  'file-resumed': ({ name, size, done, direction }) => [
    `* going on ${direction === 'in' ? 'receiving' : 'sending'} ${name} after ${fileSize(done)} of ${fileSize(size)}`,
  ],
  'file-saved': ({ peer, size, path }) => [`* saved ${path} (${fileSize(size)}) from ${shortAddress(peer)}`],
  'file-sent': ({ peer, name, size }) => [`* ${shortAddress(peer)} has stored ${name} (${fileSize(size)})`],
  'file-held': ({ name, direction, message, code }) => [
    `* ${name} waits${direction === 'out' ? ' for the other side' : ''}: ${reason(code, message)}`,
  ],
  'file-gone': ({ peer, name, size }) => [
    `* ${name} (${fileSize(size)}) is gone with the data folder of ${shortAddress(peer)}: send it again, when you are sure who is there`,
  ],
  'file-failed': ({ name, direction, code, message }) => [
    `handfast: ${name} was not ${direction === 'in' ? 'received' : 'sent'}: ${reason(code, message)}`,
  ],
  'file-waiting': ({ peer, name, size, done, direction }) => [
    `* ${name} is not all ${direction === 'in' ? 'here' : 'there'} yet (${fileSize(done)} of ${fileSize(size)}): it goes on when ${shortAddress(peer)} and you are there again`,
  ],
  'file-cancelled': ({ id, peer, direction, name }) => [
    `* given up: ${name} (${id}) ${direction === 'in' ? 'from' : 'to'} ${shortAddress(peer)}`,
  ],
}

const describeState = (state: string, code: CliEvent<'file'>['code'], done: number, size: number): string => {
  if (code !== null) return `${state}, ${explain(code)}`
  return done > 0 && done < size ? `${state}, ${fileSize(done)} done` : state
}
