/** Every domain-separation label. A label names one use of a key or hash, so that no value fits two places. */

export const LABEL_KEY_LOG = 'handfast/v1/keylog'
export const LABEL_CARD = 'handfast/v1/card'
export const LABEL_LIVE_CARD = 'handfast/v1/live-card'
export const LABEL_REPLICA = 'handfast/v1/replica'
export const LABEL_HANDSHAKE = 'handfast/v1/handshake'
export const LABEL_IDENTITY = 'handfast/v1/identity'
export const LABEL_ROOT = 'handfast/v1/root'
export const LABEL_SESSION = 'handfast/v1/session'
export const LABEL_RATCHET = 'handfast/v1/ratchet'
export const LABEL_MESSAGE = 'handfast/v1/message'
export const LABEL_CHUNK = 'handfast/v1/chunk'
export const LABEL_RECOVERY = 'handfast/v1/recovery'
export const LABEL_SAFETY_NUMBER = 'handfast/v1/safety-number'
export const LABEL_PARCEL = 'handfast/v1/parcel'
export const LABEL_MAILBOX_FETCH = 'handfast/v1/mailbox-fetch'

/** Labels of what lies on disk. */
export const LABEL_STORE_IDENTITY = 'handfast/v1/store-identity'
export const LABEL_STORE_LETTER = 'handfast/v1/store-letter'
export const LABEL_STORE_FILE = 'handfast/v1/store-file'
export const LABEL_PART = 'handfast/v1/part'
export const LABEL_BACKUP = 'handfast/v1/backup'
