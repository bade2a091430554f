import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { firstOpened } from '../../src/network/first-opened.ts'

type Call = {
  readonly at: NodeAddress | null
  readonly opens: (stream: Stream) => void
  readonly fails: (error: Error) => void
}
type Stream = { readonly name: string; isDestroyed: boolean; destroy(): void }

const stream = (name: string): Stream => {
  const one = {
    name,
    isDestroyed: false,
    destroy: () => {
      one.isDestroyed = true
    },
  }
  return one
}
const NEAR = { host: '10.0.0.2', port: 4_000 }
const turn = (): Promise<void> => setImmediate()

const start = (signal?: AbortSignal) => {
  const calls: Call[] = []
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let hint = (_: NodeAddress): void => {}
  const open = (at: NodeAddress | null, ending: AbortSignal): Promise<Stream> => {
    const { promise, resolve, reject } = Promise.withResolvers<Stream>()
    ending.addEventListener('abort', () => reject(ending.reason))
    calls.push({ at, opens: resolve, fails: reject })
    return promise
  }
  const listen = (listener: typeof hint): void => {
    hint = listener
  }
  const result = firstOpened(open, { listen, ended }, signal)
  result.catch(() => {})
  return { calls, result, end, hint: (at: NodeAddress) => hint(at) }
}

test('the first that opens is it, and one that opens late is destroyed', async () => {
  const { calls, result, hint } = start()
  hint(NEAR)
  assert.deepEqual(
    calls.map(({ at }) => at),
    [null, NEAR],
  )
  const [usual, direct] = [stream('usual'), stream('direct')]
  calls[1]?.opens(direct)
  calls[0]?.opens(usual)
  assert.equal(await result, direct)
  await turn()
  assert.deepEqual([direct.isDestroyed, usual.isDestroyed], [false, true])
})

test('a hint that is false changes nothing: the usual way opens, or its error is told', async () => {
  const { calls, result, hint } = start()
  hint(NEAR)
  calls[1]?.fails(new Error('nobody there'))
  const usual = stream('usual')
  calls[0]?.opens(usual)
  assert.equal(await result, usual)

  const failing = start()
  failing.hint(NEAR)
  failing.calls[0]?.fails(new Error('no way'))
  failing.end()
  failing.calls[1]?.fails(new Error('nobody there'))
  await assert.rejects(failing.result, /no way/)
})

test('where the usual way fails, a hint that comes later is still called', async () => {
  const { calls, result, hint } = start()
  calls[0]?.fails(new Error('no way'))
  await turn()
  hint(NEAR)
  const direct = stream('direct')
  calls[1]?.opens(direct)
  assert.equal(await result, direct)
})

test('an abort ends all of it at once, also while hints are waited for', async () => {
  const controller = new AbortController()
  const { calls, result, hint } = start(controller.signal)
  calls[0]?.fails(new Error('no way'))
  await turn()
  controller.abort(new Error('enough'))
  await assert.rejects(result, /enough/)
  hint(NEAR)
  assert.equal(calls.length, 1)
})
