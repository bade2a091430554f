import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeopleIntent } from '../../../src/cli/chat/command-line-input.ts'
import { readTyped } from '../../../src/cli/chat/command-line-input.ts'
import { createPeople } from '../../../src/cli/chat/people.ts'
import type { Named } from '../../../src/cli/chat/recipient.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import type { Contact } from '../../../src/contacts/contact-api.ts'
import { ContactError } from '../../../src/core/errors.ts'
import type { Request } from '../../../src/peer/request.ts'
import type { Requests } from '../../../src/peer/requests.ts'
import { OWN, requestOf } from './happenings.ts'

/** What is typed about people, with requests that do as they are told. */

const STRANGERS = ['hf1one', 'hf1two', 'hf1three']

const begin = () => {
  const events: CliEvent[] = []
  const log: string[] = []
  let waiting: readonly Request[] = STRANGERS.map((address, index) => requestOf(index + 1, address))
  const take = (address: string): void => {
    if (!waiting.some((one) => one.address === address)) throw new ContactError('ERR_REQUEST')
    waiting = waiting.filter((one) => one.address !== address)
  }
  const requests: Requests = {
    list: () => waiting,
    isLetIn: () => true,
    accept: async (address, { name } = {}) => {
      take(address)
      log.push(`accept ${address}`)
      return { address, name: name ?? null } as Contact
    },
    refuse: async (address) => {
      take(address)
      log.push(`refuse ${address}`)
      return 2
    },
  }
  let address: string | null = null
  const recipient = {
    get address() {
      return address
    },
    turn: async (to: Named | null) => {
      address = to?.address ?? null
      log.push(`to ${address}`)
    },
    say: async () => {},
    drop: async () => void log.push('drop'),
    end: async () => {},
  }
  const find = (who: string): Named => {
    if (!who.startsWith('hf1')) throw new ContactError('ERR_CONTACT', { hint: who })
    return { address: who, name: null }
  }
  const { signal } = new AbortController()
  const parts = { peer: { address: OWN, requests }, recipient, find, signal }
  const people = createPeople({ emit: async (event) => events.push(event) > 0 }, parts)
  const type = (line: string): Promise<void> => people.say(readTyped(line) as PeopleIntent)
  const come = (address: string): void => {
    const request = requestOf(waiting.length + 1, address)
    waiting = [...waiting, request]
    people.hear({ type: 'request', request, waiting: waiting.length })
  }
  return { events, log, type, come }
}

test('a stranger is let in by number or address, never by being the only one', async () => {
  const { events, log, type } = begin()
  await type('/accept 2 Carol C')
  await type('/accept hf1one')
  assert.deepEqual(log, ['accept hf1two', 'accept hf1one'])
  assert.deepEqual(events, [
    { event: 'let-in', peer: 'hf1two', name: 'Carol C' },
    { event: 'let-in', peer: 'hf1one', name: null },
  ])
})

test('what cannot be done is reported, with what was typed', async () => {
  const { events, log, type } = begin()
  for (const [line, code] of [
    ['/accept 9', 'ERR_REQUEST'],
    ['/accept 1-2', 'ERR_USAGE'],
    ['/accept Carol', 'ERR_CONTACT'],
    ['/accept hf1other', 'ERR_REQUEST'],
    ['/refuse 0', 'ERR_REQUEST'],
    ['/requests 9', 'ERR_REQUEST'],
    ['/to Carol', 'ERR_CONTACT'],
  ] as const) {
    await type(line)
    assert.partialDeepStrictEqual(events.at(-1) ?? {}, { event: 'not-sent', text: line, code })
  }
  assert.deepEqual(log, [])
})

test('one is refused, or a range of numbers, and none that came since', async () => {
  const { events, log, type } = begin()
  await type('/refuse 1-2')
  assert.deepEqual(log, ['refuse hf1one', 'refuse hf1two'])
  assert.deepEqual(events[0], { event: 'refused', peer: 'hf1one', messages: 2 })
  await type('/refuse hf1three')
  assert.equal(log.length, 3)
})

test('/requests tells all, or one of them whole', async () => {
  const { events, type } = begin()
  await type('/requests')
  assert.deepEqual(
    events.map(({ event }) => event),
    ['waits', 'waits', 'waits', 'requests'],
  )
  events.length = 0
  await type('/requests 2')
  assert.partialDeepStrictEqual(events, [
    { event: 'request', id: 2, peer: 'hf1two' },
    { event: 'requests', waiting: 3 },
  ])
})

test('whose address one names is let in, whether it asked before or asks later', async () => {
  const { log, type, come } = begin()
  await type('/to hf1one')
  assert.deepEqual(log, ['to hf1one', 'accept hf1one'])
  await type('/to hf1other')
  come('hf1four')
  come('hf1other')
  assert.deepEqual(log.slice(2), ['to hf1other', 'accept hf1other'])
  await type('/to')
  await type('/drop')
  come('hf1five')
  assert.deepEqual(log.slice(4), ['to null', 'drop'])
})
