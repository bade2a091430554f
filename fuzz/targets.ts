import type { Target } from './target.ts'
import { conversationTargets } from './targets/conversation.ts'
import { directoryTargets } from './targets/directory.ts'
import { formatTargets } from './targets/formats.ts'
import { identityTargets } from './targets/identity.ts'
import { mailboxTargets } from './targets/mailbox.ts'
import { networkTargets } from './targets/network.ts'
import { peerTargets } from './targets/peer.ts'
import { stockTargets } from './targets/stock.ts'
import { storeTargets } from './targets/store.ts'

/** Every decoder of what comes from outside. */
export const targets: readonly Target[] = [
  ...formatTargets,
  ...identityTargets,
  ...conversationTargets,
  ...directoryTargets,
  ...stockTargets,
  ...networkTargets,
  ...peerTargets,
  ...mailboxTargets,
  ...storeTargets,
]
