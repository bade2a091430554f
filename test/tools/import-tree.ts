import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

/** Source trees for the import rule to be tried on: texts by path. */
type Tree = Readonly<Record<string, string>>

/** Keeps every rule, and comes close to breaking some: one file in every room, each importing what its room may. */
export const CLEAN: Tree = {
  'src/index.ts': "export { Peer } from './peer/peer.ts'\nexport * from './core/fernet.ts'\n",
  'src/fernet.ts': "import { randomBytes } from 'node:crypto'\nexport { seal } from './core/fernet.ts'\n",
  'src/globals.d.ts': 'declare const VERSION: string\n',

  'src/core/fernet.ts':
    "import { createHmac } from 'node:crypto'\nimport { LIMIT } from './limits.ts'\nexport const seal = 1\n",
  'src/core/limits.ts':
    "// not Date.now(), not import('node:fs')\nexport const LIMIT = 'process.env, console'\nexport const dayOf = (at) => new Date(at).getUTCDay()\n",
  'src/core/session/session.ts': "import '../limits.ts'\nimport { cbor } from 'cborg'\n",
  'src/core/session/other.ts': "import type { Session } from './session.ts'\nimport '../limits.ts'\n",
  'src/directory/port.ts': "import { LIMIT } from '../core/limits.ts'\n",
  'src/directory/client/lookup.ts': "import '../port.ts'\nimport '../../core/limits.ts'\n",
  'src/directory/node/storage.ts': "import '../port.ts'\nimport '../../core/limits.ts'\n",
  'src/store/store.ts': "import { DatabaseSync } from 'node:sqlite'\nimport { LIMIT } from '../core/limits.ts'\n",
  'src/network/node.ts':
    "import DHT from 'hyperdht'\nimport udx from 'udx-native/lib/x.js'\nimport '../directory/node/storage.ts'\nDate.now()\n",
  'src/mailbox/host.ts': "import '../store/store.ts'\nimport '../directory/client/lookup.ts'\n",
  'src/connection/dial.ts':
    "import '../mailbox/host.ts'\nimport type { Node } from '../network/node.ts'\nimport type { Port } from '../directory/port.ts'\n",
  'src/contacts/trust.ts': "import '../connection/dial.ts'\nimport type { Node } from '../network/node.ts'\n",
  'src/messages/inbox.ts': "import '../contacts/trust.ts'\nimport '../mailbox/host.ts'\n",
  'src/files/offers.ts': "import '../messages/inbox.ts'\nimport '../store/store.ts'\n",
  'src/identity/rotation.ts': "import '../store/store.ts'\nimport '../directory/client/lookup.ts'\n",
  'src/identity/replace-keys.ts': "import { node } from '../network/node.ts'\nimport './rotation.ts'\n",
  'src/identity/remembered-network.ts': "import '../network/node.ts'\n",
  'src/peer/peer.ts':
    "import type { Node } from '../network/node.ts'\nimport '../files/offers.ts'\nimport '../identity/rotation.ts'\n",
  'src/peer/open.ts':
    "import { node } from '../network/node.ts'\nimport type { Storage } from '../directory/node/storage.ts'\nimport './peer.ts'\n",
  'src/peer/join.ts': "import { node } from '../network/node.ts'\nimport '../directory/node/storage.ts'\n",

  'src/cli/main.ts': "const program = await import('./program.ts')\n",
  'src/cli/program.ts': "import './commands/send.ts'\nimport './context.ts'\n",
  'src/cli/context.ts': "import './output/printer.ts'\nimport './terminal/terminal.ts'\n",
  'src/cli/output/printer.ts': "import type { Peer } from '../../peer/peer.ts'\nimport '../../core/limits.ts'\n",
  'src/cli/terminal/terminal.ts': "import '../output/printer.ts'\n",
  'src/cli/terminal/phrase.ts': "import type { Context } from '../context.ts'\nimport './terminal.ts'\n",
  'src/cli/options/contact.ts': "import '../../contacts/trust.ts'\nimport type { Context } from '../context.ts'\n",
  'src/cli/chat/chat.ts':
    "import type { Context } from '../context.ts'\nimport type { Phrase } from '../terminal/phrase.ts'\nimport '../output/printer.ts'\n",
  'src/cli/chat/report.ts': "import './chat.ts'\n",
  'src/cli/node/watch.ts': "import '../../peer/peer.ts'\nimport '../chat/report.ts'\n",
  'src/cli/node/run-node.ts': "import { node } from '../../network/node.ts'\nimport './watch.ts'\n",
  'src/cli/commands/send.ts':
    "import type { Context } from '../context.ts'\nimport '../chat/chat.ts'\nimport '../node/watch.ts'\n",
  'src/cli/commands/node.ts': "import '../node/run-node.ts'\nimport './send.ts'\n",

  'sim/main.ts': "import { world } from './world/world.ts'\nworld()\n",
  'sim/world/world.ts':
    "import '../../src/network/node.ts'\nimport '../../src/directory/node/storage.ts'\nimport DHT from 'hyperdht'\n",
  'demo/main.ts':
    "import type { Step } from './steps/step.ts'\nimport '../src/cli/main.ts'\nimport '../test/world.ts'\n",
  'demo/steps/step.ts': 'await import(name)\n',
  'test/world.ts': "import 'handfast'\nimport '../src/network/node.ts'\n",
}

/** Writes a tree into a folder that is gone after the test. */
export function plant(t: TestContext, tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), 'handfast imports '))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}
