/**
 * What a storage node costs: `node bench/storage-node.ts [identities] [disk|memory]` fills a real node with that many identities (a log of
 * two entries, a card, both halves of its key) and reads each once. Their owners are a process of their own, so that the memory is the
 * node's. Prints one line of JSON; `disk` is the size of the database and its journal while the node runs, in MB as in docs/operate.md.
 */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { signCard } from '../src/core/card.ts'
import { generateKem, kemHalves } from '../src/core/kem.ts'
import { createLog, updateLog } from '../src/core/key-log.ts'
import { generatePrivateKey } from '../src/core/p256.ts'
import { createStorage } from '../src/directory/node/storage.ts'
import { COMMAND, decodePut, encodeMessage, type PutRequest } from '../src/directory/request-format.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import { createNode } from '../src/network/node.ts'
import { openRecordDatabase } from '../src/store/record-database.ts'

const [count = '10000', where = 'disk'] = process.argv.slice(2)
const now = Math.floor(Date.now() / 1000)

/** Writes publications, one a line: its PUTs in base64. Keys are dear to make: only what is signed has to differ. */
const publishTo = async (out: NodeJS.WritableStream): Promise<void> => {
  const random = (size: number): Uint8Array => Uint8Array.from(randomBytes(size))
  const [root, device, kem] = [generatePrivateKey(random), generatePrivateKey(random), generateKem(random)]
  const [first, second] = kemHalves(kem.publicKey)
  const devices = [{ sign: device.publicKey, dh: device.publicKey }]
  for (let index = 0; index < Number(count); index++) {
    const log = updateLog(
      createLog(root, { next: random(32), slot: random(32), after: random(32) }, { devices, time: now }),
      root,
      { devices, time: now },
    )
    const { id } = log
    const keys = { spk: device.publicKey, kem: kem.publicKey, transport: random(32) }
    const content = { device: 0, now: now * 1000, inc: random(16), ...keys }
    const card = signCard(log, device, content)
    const puts: readonly PutRequest[] = [
      ...log.entries.map(({ envelope }): PutRequest => ({ t: 'entry', id, d: envelope })),
      { t: 'card', id, d: card.envelope },
      { t: 'kem', id, card: card.hash, half: 0, d: first },
      { t: 'kem', id, card: card.hash, half: 1, d: second },
    ]
    const line = puts.map((put) => Buffer.from(encodeMessage(put)).toString('base64')).join(' ')
    if (!out.write(`${line}\n`)) await new Promise((resolve) => out.once('drain', resolve))
  }
}

const measure = async (): Promise<object> => {
  const folder = mkdtempSync(join(tmpdir(), 'handfast-bench-'))
  const node = await createNode({ bootstrap: [], first: true, host: '127.0.0.1' })
  const onDisk = where === 'disk' ? { recordStore: openRecordDatabase(folder) } : {}
  const storage = createStorage({ ...onDisk, self: () => node.dht.id })
  joinDirectory(node.dht, storage)
  const empty = process.memoryUsage.rss()
  const owners = spawn(process.execPath, [import.meta.filename, count, 'owners'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const ids: Uint8Array[] = []
    let [busy, peak] = [0, 0]
    for await (const line of createInterface({ input: owners.stdout })) {
      const puts = line.split(' ').map((put) => Uint8Array.from(Buffer.from(put, 'base64')))
      const begun = performance.now()
      for (const put of puts) storage.handle(COMMAND.put, put, { now, proven: true, from: '127.0.0.1' })
      busy += performance.now() - begun
      for (const put of puts.slice(0, 1)) ids.push(decodePut(put).id)
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    const begun = performance.now()
    for (const id of ids) storage.handle(COMMAND.get, encodeMessage({ id, from: 0 }), { now, proven: true })
    const milliseconds = { publication: busy / ids.length, read: (performance.now() - begun) / ids.length }
    const { identities, items, damaged } = storage.counts
    const full = process.memoryUsage.rss()
    const mebibytes = { empty, full, peak: Math.max(peak, full) }
    const disk = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    return {
      ...{ where, identities, items, damaged },
      ...rounded(mebibytes, 2 ** 20),
      ...rounded({ disk }, 1e6),
      ...rounded(milliseconds, 1),
    }
  } finally {
    owners.kill()
    await node.close()
    storage.close()
    rmSync(folder, { recursive: true })
  }
}

const rounded = (values: Readonly<Record<string, number>>, unit: number): object =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number((value / unit).toFixed(2))]))

if (where === 'owners') await publishTo(process.stdout)
else console.log(JSON.stringify(await measure()))
