/**
 * Preloaded where unit tests run. `tools/test-tiers.ts` puts no test there that loads what opens sockets or starts processes; what goes
 * by another way, as `fetch` does or a module whose name is computed, fails here.
 */
import childProcess from 'node:child_process'
import dgram from 'node:dgram'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import workers from 'node:worker_threads'

function refuse() {
  throw new Error('a unit test opens no socket and starts no process or thread')
}

childProcess.ChildProcess.prototype.spawn = refuse
for (const name of ['spawnSync', 'execSync', 'execFileSync']) childProcess[name] = refuse
workers.Worker = refuse
dgram.createSocket = refuse
net.Server.prototype.listen = refuse
net.Socket.prototype.connect = refuse
syncBuiltinESMExports()
