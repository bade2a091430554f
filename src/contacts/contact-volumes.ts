import { dayOf } from '../core/clock.ts'
import { ContactError } from '../core/errors.ts'
import { CONTACT_FILES_DAY, CONTACT_FILES_TOTAL } from '../core/limits/file-limits.ts'
import { CONTACT_MESSAGES_DAY, CONTACT_MESSAGES_TOTAL } from '../core/limits/message-limits.ts'
import { presentOf, type World } from '../core/world.ts'
import type { Limits, VolumeStore } from '../store/volume-store.ts'

/** Bytes on this disk of what a contact sent, and how many there may be. */
export type ContactVolume = {
  /** that are kept: messages until they are deleted, files until `files.clear` */
  readonly kept: number
  readonly keptMax: number
  /** that came since midnight, UTC */
  readonly today: number
  readonly todayMax: number
}

/** What a contact has sent, and may send. */
export type ContactVolumes = { readonly messages: ContactVolume; readonly files: ContactVolume }

/**
 * How much a contact may send, bytes on this disk: what is left out stays as it is, and null is as by default. What is more waits with its
 * sender.
 */
export type ContactLimits = { readonly [L in keyof Limits]?: number | null | undefined }

const DEFAULTS: { readonly [L in keyof Limits]: number } = {
  messagesTotal: CONTACT_MESSAGES_TOTAL,
  messagesDay: CONTACT_MESSAGES_DAY,
  filesTotal: CONTACT_FILES_TOTAL,
  filesDay: CONTACT_FILES_DAY,
}

const NAMES = Object.keys(DEFAULTS) as readonly (keyof Limits)[]

/** How much a contact may send, and has. @param now milliseconds since 1970 */
export const volumesOf = (volumes: VolumeStore, peer: Uint8Array, now: number): ContactVolumes => {
  const { messages, files } = volumes.of(peer, dayOf(now))
  const set = volumes.limits(peer)
  const most = (name: keyof Limits): number => set[name] ?? DEFAULTS[name]
  return {
    messages: {
      ...{ kept: messages.total, keptMax: most('messagesTotal') },
      ...{ today: messages.today, todayMax: most('messagesDay') },
    },
    files: { kept: files.total, keptMax: most('filesTotal'), today: files.today, todayMax: most('filesDay') },
  }
}

/** @throws ContactError ERR_CONTACT_LIMIT */
export const setLimits = (
  { volumes, world }: { readonly volumes: VolumeStore; readonly world: World },
  peer: Uint8Array,
  limits: ContactLimits,
): ContactVolumes => {
  const before = volumes.limits(peer)
  const next = Object.fromEntries(
    NAMES.map((name) => [name, limits[name] === undefined ? before[name] : limits[name]]),
  ) as Limits
  for (const name of NAMES) {
    const most = next[name]
    if (most !== null && !(Number.isSafeInteger(most) && most >= 0))
      throw new ContactError('ERR_CONTACT_LIMIT', { hint: name })
  }
  volumes.setLimits(peer, next)
  return volumesOf(volumes, peer, presentOf(world))
}
