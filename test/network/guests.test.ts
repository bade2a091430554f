import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGuests } from '../../src/network/guests.ts'

const at = (port: number) => ({ host: '192.0.2.1', port })

test('a guest is who has shown that it receives, for a minute after it was heard', () => {
  const guests = createGuests()
  guests.heard(at(1), 0)
  assert.equal(guests.count(0), 0)
  guests.proven(at(1), 0)
  guests.heard(at(1), 50_000)
  assert.equal(guests.count(100_000), 1)
  assert.equal(guests.count(110_001), 0)
})

test('a crowd fills no more than its room', () => {
  const guests = createGuests()
  for (let port = 1; port <= 10_000; port++) guests.proven(at(port), port)
  assert.equal(guests.count(10_000), 64)
})
