import { directoryChecks } from './directory-checks.ts'
import { lanChecks } from './lan-checks.ts'
import { messageChecks } from './message-checks.ts'
import { primitiveChecks } from './primitive-checks.ts'
import { protocolChecks } from './protocol-checks.ts'
import { storeChecks } from './store-checks.ts'

/** How the vectors of every folder are held against the code; `file` is the name of the file they stand in. */
export const checks: { readonly [folder: string]: (vector: never, file: string) => void | Promise<void> } = {
  ...primitiveChecks,
  ...protocolChecks,
  ...directoryChecks,
  ...messageChecks,
  ...storeChecks,
  ...lanChecks,
}
