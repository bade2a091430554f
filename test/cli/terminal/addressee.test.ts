import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { eventOf, isOfType } from '../../messages/told.ts'
import { openBob, prepare, textOf } from '../chat/stage.ts'
import { onTerminal } from './on-terminal.ts'

/** Whom a line goes to that is typed at a terminal of the system, while others come. */

suite('the addressee', { concurrency: 2 }, () => {
  for (const columns of [80, 40])
    test(`a stranger who comes while a line is typed gets neither that line nor the next: ${columns} columns`, async (t) => {
      const { network, alice, addressOfAlice } = await prepare(t)
      const [bob, mallory] = await Promise.all([openBob(t, network), openBob(t, network, false)])
      const came = eventOf(bob, isOfType('connected'))
      const listen = onTerminal(t, ['listen', '--folder', alice, '--network', network], columns)
      await listen.until(/nobody> /)
      listen.type(`/to ${bob.address}\r`)
      await listen.until(/to hf1\w+…\w+> /)
      listen.type('for ')
      await mallory.connect(addressOfAlice)
      await mallory.messages.send(addressOfAlice, 'hello, it is Bob')
      await listen.until(/asks to be let in/)
      // What was begun stands below again, for whom it was begun.
      await listen.until(new RegExp(`to ${bob.address.slice(0, 12)}…${bob.address.slice(-4)}> [^>]*for `))
      listen.type('Bob\rand this\r')
      await came
      assert.deepEqual([await textOf(bob), await textOf(bob)], ['for Bob', 'and this'])
      listen.type('/quit\r')
      const text = await listen.end()
      assert.match(text, /code 0\r/)
      assert.doesNotMatch(text, /hello/)
      assert.equal(mallory.messages.history(addressOfAlice).length, 1)
    })

  test('a line that is typed for nobody is kept, and goes to whom is named then', async (t) => {
    const { network, alice, addressOfAlice } = await prepare(t)
    const bob = await openBob(t, network)
    const listen = onTerminal(t, ['listen', '--folder', alice, '--network', network])
    await listen.until(/nobody> /)
    await bob.connect(addressOfAlice)
    const [, number] = await listen.until(/\[(\d+)\] somebody asks to be let in/)
    listen.type(`/accept ${number} Bob\r`)
    await listen.until(/Bob is let in/)
    listen.type('one\r')
    await listen.until(/kept: to whom\?/)
    await listen.until(/nobody, 1 line kept> /)
    listen.type('/to Bob\r')
    await listen.until(/to Bob> /)
    assert.equal(await textOf(bob), 'one')
    listen.type('two\r')
    assert.equal(await textOf(bob), 'two')
    listen.type('\u0004')
    assert.match(await listen.end(), /code 0\r/)
  })
})
