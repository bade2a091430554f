import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeContent, encodeContent } from '../../src/store/backup-content.ts'
import type { Remembered } from '../../src/store/remembered.ts'
import { at } from '../core/identities.ts'
import { runs } from '../runs.ts'
import { bob, carol, keptOf, mallory, renew } from './backups.ts'
import { alice, assertSame } from './vaults.ts'

const text = fc.string({ maxLength: 64, unit: 'grapheme-composite' }).filter((one) => one.length <= 64)
const plain = { noNullPrototype: true }
const seconds = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const place = fc.nat({ max: 63 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 })
const devices = fc
  .uniqueArray(fc.record({ device: sixteen, serial: seconds, inc: sixteen }, plain), {
    maxLength: 7,
    selector: ({ device }) => device.join(),
  })
  .map((list) => list.toSorted((a, b) => Buffer.compare(a.device, b.device)))
const logs = [bob.log, carol.log, mallory.log, renew(bob, 'x').log, renew(carol, 'y').log]
const anyRemembered: fc.Arbitrary<Remembered> = fc.record(
  {
    floors: fc.uniqueArray(
      fc.record({ id: hash, epoch: place, seq: place, head: hash, devices, asked: fc.boolean() }, plain),
      { selector: ({ id }) => id.join() },
    ),
    forks: fc
      .subarray([0, 1])
      .map((list) => list.map((index) => ({ a: at(logs, index), b: at(logs, index + 3), found: index }))),
    contacts: fc
      .uniqueArray(
        fc.record(
          {
            log: fc.constantFrom(...logs),
            name: fc.option(text),
            confirmed: fc.option(
              fc.record({ anchor: fc.record({ seq: place, head: hash }, plain), verified: seconds }, plain),
            ),
            added: seconds,
            published: seconds,
          },
          plain,
        ),
        { selector: ({ log }) => log.id.join() },
      )
      .map((list) =>
        list.map(({ confirmed, name, ...rest }, index) => ({
          ...rest,
          id: rest.log.id,
          name: list.findIndex((one) => one.name === name) === index ? name : null,
          ...(confirmed ?? { anchor: null, verified: null }),
        })),
      ),
    blocked: fc.uniqueArray(fc.record({ id: hash, at: seconds }, plain), { selector: ({ id }) => id.join() }),
    settings: fc.record({ network: fc.option(text), mailboxes: fc.option(text), relay: fc.option(text) }, plain),
  },
  plain,
)

test('whatever a store can remember comes back as it was', () => {
  fc.assert(
    fc.property(anyRemembered, seconds, (one, made) => {
      const back = decodeContent(encodeContent({ made, kept: keptOf(alice), remembered: one }))
      assert.deepEqual([back.made, back.remembered], [made, one])
      assertSame(back.kept.identity, alice)
    }),
    { numRuns: runs(100) },
  )
})
