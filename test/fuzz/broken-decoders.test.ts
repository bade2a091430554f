import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode as decodeWithCborg } from 'cborg'
import { describeFinding, inputOf, runCampaign, runInput } from '../../fuzz/campaign.ts'
import type { Target } from '../../fuzz/target.ts'
import { targets } from '../../fuzz/targets.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { EncodingError } from '../../src/core/errors.ts'
import { decodeGet, encodeMessage, type GetRequest } from '../../src/directory/request-format.ts'
import { at } from '../core/identities.ts'

/** Decoders that are broken on purpose, each as decoders are: the fuzzer has to see it, and say how to see it again. */

const named = (name: string): Target =>
  at(
    targets.filter((one) => one.name === name),
    0,
  )
const cbor = named('cbor')
const get = named('get')

const refuse = (): never => {
  throw new EncodingError('ERR_CBOR')
}
/** Kept, so that nothing is collected while another is made: what goes hides what comes. */
const made: Uint8Array[] = []
const MADE_MAX = 2 ** 28

/** The length that a byte string announces in its head of four bytes, found anywhere. */
const announced = (input: Uint8Array): number => {
  const head = input.indexOf(0x5a)
  return head === -1 || head + 5 > input.length ? 0 : new DataView(input.buffer, input.byteOffset).getUint32(head + 1)
}

const BROKEN: Readonly<Record<string, readonly [Target, RegExp]>> = {
  'fails with an error of JavaScript': [
    {
      ...cbor,
      decode: (input) => {
        const value = cbor.decode(input)
        return (value as { a: { length: number } }).a.length === undefined ? value : value
      },
    },
    /^TypeError/,
  ],
  'fails with a code that it does not name': [{ ...get, codes: ['ERR_CBOR'] }, /ERR_REQUEST_DECODE is not among/],
  'passes over what stands behind the value': [
    {
      ...cbor,
      decode: (input) => {
        for (let end = input.length; end > 0; end--)
          try {
            return cbor.decode(input.slice(0, end))
          } catch {}
        return refuse()
      },
    },
    /encodes to/,
  ],
  'reads what is not the shortest form': [
    {
      ...cbor,
      decode: (input) => {
        try {
          return decodeWithCborg(input, { rejectDuplicateMapKeys: true })
        } catch {
          return refuse()
        }
      },
    },
    /encodes to|and then/,
  ],
  'passes over fields that it does not know': [
    {
      ...get,
      decode: (input) => {
        const { id, from } = decodeLeniently(input)
        return decodeGet(encodeCbor({ id: id ?? null, from: from ?? null }))
      },
      codes: ['ERR_REQUEST_DECODE', 'ERR_CBOR'],
    },
    /encodes to/,
  ],
  'makes room for what a length announces': [
    {
      ...cbor,
      decode: (input) => {
        made.push(new Uint8Array(Math.min(MADE_MAX, announced(input))))
        return cbor.decode(input)
      },
    },
    /bytes for/,
  ],
  'reads from the beginning of the buffer and not of the input': [
    { ...cbor, decode: (input) => cbor.decode(new Uint8Array(input.buffer, 0, input.length)) },
    /valid, but refused/,
  ],
  'changes its input': [
    {
      ...cbor,
      decode: (input) => {
        const value = cbor.decode(input)
        input.fill(0)
        return value
      },
    },
    /changed its input/,
  ],
  'loses a part of what it read': [
    { ...get, encode: (decoded) => encodeMessage({ ...(decoded as GetRequest), from: 0 }) },
    /encodes to/,
  ],
  'never answers in its time': [
    {
      ...get,
      decode: (input) => {
        const until = performance.now() + (input.length > 60 ? 20 : 0)
        while (performance.now() < until);
        return get.decode(input)
      },
    },
    /it took \d+ ms/,
  ],
}

const decodeLeniently = (input: Uint8Array): { readonly [key: string]: CborValue } => {
  const value = cbor.decode(input)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as never) : {}
}

for (const [what, [broken, pattern]] of Object.entries(BROKEN))
  test(`a decoder that ${what} is found`, async () => {
    const patience = pattern.source.startsWith('it took') ? 10 : undefined
    const { findings } = await runCampaign([broken], { seed: 'broken', inputs: 3_000, patience })
    const finding = findings.find((one) => pattern.test(one.what))
    assert.ok(finding !== undefined, findings.map(describeFinding).join('\n') || 'nothing was found')
    const { seed, index, input } = finding
    const again = inputOf(broken, seed, index)
    assert.deepEqual(again.input, input)
    assert.match((await runInput(broken, again, patience)).broken ?? '', pattern)
    assert.ok(describeFinding(finding).includes(`--only ${broken.name} --seed broken --index ${index}`))
    assert.ok(describeFinding(finding).includes(Buffer.from(input).toString('hex')))
  })
