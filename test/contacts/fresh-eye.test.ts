import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createFreshEye } from '../../src/contacts/fresh-eye.ts'

/** An eye whose looks are counted, in a time that only `later` lets pass. */
const start = (t: TestContext, results: readonly boolean[] = []) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const looks: number[] = []
  const look = async (): Promise<boolean> => results[looks.push(now) - 1] ?? true
  const eye = createFreshEye(look, () => now)
  t.after(eye.stop)
  const later = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) {
      t.mock.timers.tick(1_000)
      now += 1_000
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
  }
  return { eye, looks, later }
}

test('it looks at once, and once, when all is where it should be', async (t) => {
  const { eye, looks, later } = start(t)
  eye.shaken()
  await later(60_000)
  assert.deepEqual(looks, [0])
})

test('what is missing is looked after again, a few times', async (t) => {
  const { eye, looks, later } = start(t, [false, false, true])
  eye.shaken()
  await later(600_000)
  assert.equal(looks.length, 3)
  t.mock.timers.reset()
  const never = start(
    t,
    Array.from({ length: 99 }, () => false),
  )
  never.eye.shaken()
  await never.later(3_600_000)
  assert.equal(never.looks.length, 5)
})

test('whoever shakes it all the time makes it look ever more rarely', async (t) => {
  const { eye, looks, later } = start(t)
  for (let second = 0; second < 3_600; second++) {
    eye.shaken()
    await later(1_000)
  }
  assert.ok(looks.length > 5 && looks.length < 20, `${looks.length} looks in an hour`)
})

test('one that was stopped does not look any more', async (t) => {
  const { eye, looks, later } = start(t)
  eye.stop()
  eye.shaken()
  await later(60_000)
  assert.deepEqual(looks, [])
})
