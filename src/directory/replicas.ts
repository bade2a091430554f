import { utf8 } from '../core/bytes.ts'
import { sha256 } from '../core/kdf.ts'
import { LABEL_REPLICA } from '../core/labels.ts'
import { REPLICAS } from '../core/limits/record-limits.ts'

/** The places in the network where an identity's records live: H("handfast/v1/replica" ‖ i ‖ id), i one byte (docs/spec/directory.md §1). */
export const replicaTargets = (id: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: REPLICAS }, (_, i) => sha256(utf8(LABEL_REPLICA), Uint8Array.of(i), id))
