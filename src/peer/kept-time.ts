import type { KeptTime } from '../core/steady-clock.ts'
import type { Store } from '../store/store.ts'

/** Milliseconds since 1970, as whole digits; anything else is no time. */
const WRITTEN = /^\d{1,15}$/

/** Where a folder keeps the latest time that was seen; undefined for who only reads it. */
export const keptTime = ({ settings, isOwn }: Pick<Store, 'settings' | 'isOwn'>): KeptTime | undefined =>
  isOwn
    ? {
        read: () => {
          const text = settings.get('clock') ?? ''
          return WRITTEN.test(text) ? Number(text) : null
        },
        write: (time) => settings.set('clock', `${Math.max(0, Math.floor(time))}`),
      }
    : undefined
