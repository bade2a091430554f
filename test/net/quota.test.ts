import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { COMMAND, decodeGetAnswer, decodePutAnswer, encodeMessage } from '../../src/directory/request-format.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { at, makeBytes, makeIdentity, NOW } from '../core/identities.ts'
import { entryPut, putAll } from '../directory/records.ts'
import { addressOf, startNetwork } from '../network/loopback-network.ts'
import { datagram, openSocket, ping, type WireReply } from './datagrams.ts'

/** Quotas hold who sends a datagram: its address has to get from the socket to the storage (docs/spec/directory.md §4). */

const { log } = makeIdentity('Alice')
const message = encodeMessage({ id: log.id, from: 0 })
const nobody = encodeMessage({ id: makeBytes('nobody', 32), from: 0 })
const [HERE, BESIDE, ELSEWHERE] = ['127.9.1.1', '127.9.1.2', '127.9.2.1']

const start = async (t: TestContext) => {
  const node = at((await startNetwork(t, 1)).nodes, 0)
  const storage = createStorage({ exempt: () => false })
  putAll(storage, [entryPut(log)])
  // No time passes, so that no quota is filled again meanwhile.
  joinDirectory(node.dht, {
    size: 0,
    handle: (command, value, request) => storage.handle(command, value, { ...request, now: NOW }),
  })
  const useUp = (proven: boolean, from: string): void => {
    while (storage.handle(COMMAND.get, nobody, { now: NOW, proven, from }) !== null);
  }
  return { useUp, open: (from: string) => openSocket(t, addressOf(node), from) }
}

const question = datagram(COMMAND.get, message)
const isAnswer = ({ value }: WireReply): boolean => value !== null && decodeGetAnswer(value).tip !== null

test('§4 a network that has asked too much over the wire is not answered, and another is', async (t) => {
  const { useUp, open } = await start(t)
  const [here, elsewhere] = [await open(HERE), await open(ELSEWHERE)]
  assert.ok(isAnswer(await here(question)))
  useUp(false, BESIDE)
  // Datagrams stay in order here: were the question answered, that would be the first reply.
  assert.equal((await here(question, ping())).value, null)
  assert.ok(isAnswer(await elsewhere(question)))
})

test('§4 who shows a token has a quota of its own, and is refused its PUTs beyond it, and nobody else is', async (t) => {
  const { useUp, open } = await start(t)
  const [here, elsewhere] = [await open(HERE), await open(ELSEWHERE)]
  const [token, other] = [(await here(question)).token, (await elsewhere(question)).token]
  const put = encodeMessage(entryPut(log))
  const refusal = ({ value }: WireReply) => (value === null ? 'no answer' : decodePutAnswer(value).refused)
  useUp(false, BESIDE)
  assert.equal(refusal(await here(datagram(COMMAND.put, put, { token }))), null)
  assert.ok(isAnswer(await here(datagram(COMMAND.get, message, { token }))))
  useUp(true, BESIDE)
  assert.equal(refusal(await here(datagram(COMMAND.put, put, { token }))), 'ERR_PUT_RATE')
  assert.equal((await here(datagram(COMMAND.get, message, { token }), ping())).value, null)
  assert.equal(refusal(await elsewhere(datagram(COMMAND.put, put, { token: other }))), null)
})

test('§1 the token of one address is worth nothing at another', async (t) => {
  const { open } = await start(t)
  const [here, beside] = [await open(HERE), await open(BESIDE)]
  const { token } = await here(question)
  assert.equal((await beside(datagram(COMMAND.put, encodeMessage(entryPut(log)), { token }))).value, null)
})
