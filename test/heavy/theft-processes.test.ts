import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { type Child, heard } from '../cli/child.ts'
import { ended, refusal, startStage } from '../net/stage.ts'

/** Theft as it happens: every party is a process of its own. The owner has the command line, her address and her phrase. */

const SUPERSEDED = [1, 'ERR_PEER_SUPERSEDED'] as const
/** What Bob says to the thief. */
const FOR_ALICE = 'for Alice only'

/** A network of `size` nodes; Alice with a laptop, Bob and Carol. */
const begin = async (t: TestContext, size: number) => {
  const stage = await startStage(t)
  const { handfast, init, startNode } = stage
  const first = await startNode()
  const { at } = first
  const [joined, { address, phrase }, bob] = await Promise.all([
    Promise.all(Array.from({ length: size - 1 }, () => startNode(at))),
    init('laptop'),
    init('bob'),
    init('carol'),
  ])

  /**
   * Chats with the address until the other side has heard `text` and answered.
   * @param before what it hears before that
   * @returns every change of the address that was told meanwhile, and its epoch
   */
  const talk = async (who: string, text: string, alice: Child, before: readonly string[] = []): Promise<unknown> => {
    const chat = handfast(who, ['chat', address], at)
    let out = ''
    chat.child.stdout?.on('data', (piece: string) => {
      out += piece
    })
    chat.type(text)
    const { epoch } = await chat.event('connected')
    for (const expected of before) assert.equal((await heard(alice)).text, expected)
    const said = await heard(alice)
    assert.equal(said.text, text)
    alice.type(`/to ${said.peer}\n${text}, yes`)
    assert.equal((await chat.event('message')).text, `${text}, yes`)
    chat.child.stdin?.end()
    assert.deepEqual([await chat.exit(), chat.stderr()], [0, ''])
    // What waits is delivered on a connection of its own at times: either of the two tells of a change, and only one.
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    return [events.flatMap(({ change = 'none' }) => (change === 'none' ? [] : [change])), epoch]
  }
  const look = async (who: string) => ended(handfast(who, ['lookup', address], at), 'lookup')
  const recover = (): Child => {
    const child = handfast('new', ['recover', address], at)
    child.child.stdin?.end(`${phrase}\n`)
    return child
  }
  return {
    ...stage,
    nodes: [first, ...joined],
    at,
    address,
    bob: bob.address,
    talk,
    look,
    recover,
  }
}

suite('theft, by processes', { concurrency: 2 }, () => {
  test('the owner’s rotation wins against a thief who signed, published and was followed: everywhere, and all are told', async (t) => {
    const { handfast, startNode, thief, ask, copy, leave, ...stage } = await begin(t, 4)
    const { nodes, at, address, talk, look } = stage

    // Before: Bob has talked with Alice, Carol has looked her up.
    const laptop = handfast('laptop', ['listen'], at)
    assert.partialDeepStrictEqual(await laptop.event('listening'), { address, accepted: 4, refusals: {} })
    const [talked, looked] = await Promise.all([talk('bob', 'before', laptop), look('carol')])
    assert.deepEqual([talked, looked.change, looked.epoch, looked.seq], [[[], 0], 'none', 0, 0])

    // The laptop is copied, and Mallory gives the address keys that only she has. She needs no more to be Alice to everybody.
    await copy('laptop', 'stolen')
    const stolen = await thief('renew', 'stolen', at)
    assert.partialDeepStrictEqual(stolen, { event: 'published', seq: 1, accepted: 4 })
    assert.deepEqual(
      await ask(address, nodes),
      nodes.map(() => stolen.head),
    )
    const mallory = handfast('stolen', ['listen'], at)
    assert.partialDeepStrictEqual(await mallory.event('listening'), { address, accepted: 4, refusals: {} })

    // Bob's process is gone the moment he has followed her; Carol talks with her.
    const followed = handfast('bob', ['chat', address], at)
    followed.type(FOR_ALICE)
    const { change, head } = await followed.event('connected')
    assert.deepEqual([change, head], ['updated', stolen.head])
    assert.equal((await heard(mallory)).text, FOR_ALICE)
    await followed.exit('SIGKILL')
    assert.deepEqual(await talk('carol', 'for Alice too', mallory), [['updated'], 0])
    assert.partialDeepStrictEqual(await look('bob'), { change: 'none', head: stolen.head })

    // The owner's laptop is told when it starts again, and what to do.
    await leave(laptop)
    const again = handfast('laptop', ['listen'], at)
    assert.deepEqual(await refusal(again), SUPERSEDED)
    assert.match(again.stderr(), /handfast rotate/)

    // Then she shuts the owner out; Bob sees that, and Carol does not look.
    await copy('stolen', 'retired')
    assert.partialDeepStrictEqual(await thief('retire', 'retired', at), { event: 'published', seq: 2, accepted: 4 })
    const shut = handfast('bob', ['chat', address], at)
    assert.equal((await shut.event('changed')).change, 'updated')
    assert.deepEqual(await refusal(shut), [1, 'ERR_PEER_RETIRED'])

    // Address and phrase bring it all back, on a machine that has never seen it.
    const published = await ended(stage.recover(), 'published')
    const standing = published.head
    assert.partialDeepStrictEqual(published, { address, epoch: 1, seq: 1, status: 'active', accepted: 4, refusals: {} })
    const found = { epoch: 1, seq: 1, head: standing, status: 'active', forked: false }
    const none = { older: 0, empty: 0, unread: 0, invalid: 0 }
    const [tips, seen] = await Promise.all([ask(address, nodes), look('stranger')])
    assert.deepEqual(
      tips,
      nodes.map(() => standing),
    )
    assert.partialDeepStrictEqual(seen, { ...found, change: 'none', evidence: { answered: 4, agreeing: 4, ...none } })

    // Both contacts are told, once, and talk with her.
    const alice = handfast('new', ['listen'], at)
    await alice.event('listening')
    // What went to keys that are void now comes to her as well.
    assert.deepEqual(await talk('bob', 'is it you?', alice, ['before', FOR_ALICE]), [['superseded'], 1])
    assert.partialDeepStrictEqual(await look('carol'), { ...found, change: 'superseded', freshness: 'current' })
    assert.deepEqual(await talk('bob', 'again', alice), [[], 1])
    assert.deepEqual(await talk('carol', 'again', alice, ['for Alice too']), [[], 1])

    // The keys of the laptop are void, whoever has them: Bob hears nobody but the owner.
    await leave(alice)
    const bob = handfast('bob', ['listen'], at)
    await bob.event('listening')
    // One program at a time acts for a folder, so each command has one of its own.
    await Promise.all(['impostor', 'void', 'void too'].map((loot) => copy('stolen', loot)))
    await copy('laptop', 'laptop too')
    const laptopAgain = handfast('laptop', ['listen'], at)
    const [refused, ...codes] = await Promise.all([
      thief('connect', 'impostor', at, stage.bob),
      refusal(laptopAgain),
      refusal(handfast('laptop too', ['chat', stage.bob], at)),
      refusal(handfast('void', ['listen'], at)),
      refusal(handfast('void too', ['chat', stage.bob], at)),
    ])
    for (const code of codes) assert.deepEqual(code, SUPERSEDED)
    assert.match(laptopAgain.stderr(), /handfast recover/)
    assert.partialDeepStrictEqual(refused, { event: 'refused', code: 'ERR_REMOTE' })
    assert.match(String(refused.message), /ERR_ROLLBACK/)
    const call = handfast('new', ['chat', stage.bob], at)
    call.child.stdin?.end('it is me')
    assert.partialDeepStrictEqual(await bob.event('connected'), { peer: address, head: standing, change: 'none' })
    assert.equal((await bob.event('message')).text, 'it is me')
    assert.equal(await call.exit(), 0)

    // A node that was away knows only what Mallory publishes now, longer than ever: that turns nobody back.
    const [late, hers] = await Promise.all([startNode(at), startNode(), leave(bob), copy('stolen', 'longer')])
    const longer = await thief('lengthen', 'longer', at)
    assert.partialDeepStrictEqual(longer, { event: 'refused', code: 'ERR_PEER_SUPERSEDED', seq: 4 })
    const [served, ...seenBy] = await Promise.all([
      ask(address, [...nodes, late]),
      ...['stranger', 'bob', 'carol'].map(look),
    ])
    assert.deepEqual(served, [...nodes.map(() => standing), longer.head])
    for (const looked of seenBy)
      assert.partialDeepStrictEqual(looked, {
        ...found,
        change: 'none',
        evidence: { answered: 5, agreeing: 4, older: 1 },
      })

    // Nor does a network in which there is nobody but her.
    const alone = handfast('void', ['listen'], hers.at)
    assert.equal((await alone.event('listening')).accepted, 1)
    const turned = await Promise.all([
      refusal(handfast('bob', ['chat', address], hers.at)),
      refusal(handfast('carol', ['lookup', address], hers.at)),
    ])
    for (const code of turned) assert.deepEqual(code, [1, 'ERR_ROLLBACK'])

    // She was there all the time, and since the rotation nobody came.
    await leave(alone, mallory)
    await assert.rejects(mallory.line(/"event":"(connected|request)"/), /ended without/)
    await leave(...[...nodes, late, hers].map(({ child }) => child))
  })

  test('a recovery that is killed once the new keys are saved is gone on with, and forks nothing', async (t) => {
    const { handfast, thief, ask, copy, leave, nodes, at, address, recover, look } = await begin(t, 2)
    const laptop = handfast('laptop', ['listen'], at)
    await laptop.event('listening')
    await look('bob')
    await copy('laptop', 'stolen')
    await thief('renew', 'stolen', at)
    assert.equal((await look('bob')).change, 'updated')

    /** Killed before the network has heard of it, or while it does, or just after: all of these have to end well. */
    const saveOnly = async () => {
      const killed = recover()
      const { epoch, head } = await killed.event('saved')
      await killed.exit('SIGKILL')
      assert.partialDeepStrictEqual(await ended(handfast('new', ['id']), 'identity'), { address, epoch, head })
      return { epoch, head }
    }
    const check = async (standing: { readonly epoch: unknown; readonly head: unknown }, change: string) => {
      const [tips, stranger, bob] = await Promise.all([ask(address, nodes), look('stranger'), look('bob')])
      assert.deepEqual(tips, [standing.head, standing.head])
      assert.partialDeepStrictEqual(stranger, { ...standing, forked: false, status: 'active' })
      assert.partialDeepStrictEqual(bob, { ...standing, forked: false, change })
    }

    assert.equal((await saveOnly()).epoch, 1)
    const { epoch, head } = await ended(recover(), 'published')
    assert.equal(epoch, 2)
    await check({ epoch, head }, 'superseded')

    const saved = await saveOnly()
    assert.equal(saved.epoch, 3)
    const alice = handfast('new', ['listen'], at)
    assert.partialDeepStrictEqual(await alice.event('listening'), { accepted: 2, refusals: {} })
    await check(saved, 'superseded')
    await leave(laptop, alice)
    await leave(...nodes.map(({ child }) => child))
  })
})
