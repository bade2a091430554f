import { RECORD_CACHE_ITEMS } from '../../core/limits/record-limits.ts'
import { type IdentityRecord, itemsOf } from './identity-record.ts'

/** Parsed records, those used last: a bounded number of entries and cards. */
export type RecordCache = {
  get(key: string): IdentityRecord | undefined
  set(key: string, record: IdentityRecord): void
  remove(key: string): void
}

export const createRecordCache = (): RecordCache => {
  const records = new Map<string, { readonly record: IdentityRecord; readonly items: number }>()
  let items = 0
  const remove = (key: string): void => {
    items -= records.get(key)?.items ?? 0
    records.delete(key)
  }
  return {
    get: (key) => {
      const cached = records.get(key)
      if (cached === undefined) return undefined
      records.delete(key)
      records.set(key, cached)
      return cached.record
    },
    set: (key, record) => {
      remove(key)
      const size = itemsOf(record)
      records.set(key, { record, items: size })
      items += size
      for (const oldest of records.keys()) {
        if (items <= RECORD_CACHE_ITEMS || oldest === key) break
        remove(oldest)
      }
    },
    remove,
  }
}
