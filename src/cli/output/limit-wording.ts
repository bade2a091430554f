import type { ContactVolume } from '../../contacts/contact-volumes.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { fileSize, shortAddress } from './format.ts'

/** What the owner of a folder is told of who sends as much as they may, and what to do. */

const ALLOW = (peer: string, what: string): string => `allow more: handfast contacts ${peer} ${what} SIZE`

export const LIMITS: { readonly [C in ErrorCode]?: (peer: string) => readonly string[] } = {
  ERR_MESSAGE_RATE: (peer) => [
    `handfast: more comes from those who are no contacts than is taken at a time, ${shortAddress(peer)} among them: it waits with them.`,
    `hint: whom you know you can make a contact, which has no such bound: handfast contacts ${peer}`,
  ],
  ERR_MESSAGE_DAY: (peer) => [
    `handfast: ${shortAddress(peer)} has sent as much as it may in a day: what follows waits there until tomorrow (UTC).`,
    `hint: ${ALLOW(peer, '--messages-a-day')}`,
  ],
  ERR_FILE_DAY: (peer) => [
    `handfast: ${shortAddress(peer)} has sent as much in files as it may in a day: what follows waits there until tomorrow (UTC), and a file of more than a whole day until you allow more.`,
    `hint: ${ALLOW(peer, '--files-a-day')}`,
  ],
  ERR_FILE_TOTAL: (peer) => [
    `handfast: as many files of ${shortAddress(peer)} were taken as it may send: what follows waits there.`,
    `hint: once you have dealt with them: handfast files ${peer} --clear`,
    `hint: or ${ALLOW(peer, '--files-in-all')}`,
  ],
  ERR_FILE_LIMIT: (peer) => [
    `handfast: ${shortAddress(peer)} has offered so many files that were refused that more are refused without a word, for some minutes.`,
    `hint: whoever goes on you can block: handfast contacts ${peer} --block`,
  ],
  ERR_MESSAGE_TOTAL: (peer) => [
    `handfast: as much is kept of ${shortAddress(peer)} as it may fill: what follows waits there.`,
    `hint: delete old messages: handfast messages ${peer} --delete-before DATE`,
    `hint: or ${ALLOW(peer, '--messages-in-all')}`,
  ],
}

/** How much of something a contact has sent, and may. */
export const describeVolume = (what: string, { kept, keptMax, today, todayMax }: ContactVolume): readonly string[] => [
  `${what.padEnd(11)}${fileSize(kept)} kept of ${fileSize(keptMax)}, ${fileSize(today)} today of ${fileSize(todayMax)}`,
]
