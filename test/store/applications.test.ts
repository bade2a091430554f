import assert from 'node:assert/strict'
import { test } from 'node:test'
import { APPLICATIONS_MAX } from '../../src/core/limits/message-limits.ts'
import { openStore } from '../../src/store/store.ts'

test('of applications as many are remembered as there is a bound for', (t) => {
  const store = openStore(null)
  t.after(() => store.close())
  const { applications } = store
  for (let index = 0; index < APPLICATIONS_MAX + 3; index++) applications.remember(`app-${index}`)
  assert.equal(applications.all().length, APPLICATIONS_MAX)
  assert.deepEqual([applications.has('app-0'), applications.has(`app-${APPLICATIONS_MAX}`)], [true, false])
})
