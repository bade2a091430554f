import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress } from '../../../src/cli/terminal/progress.ts'

const begin = () => {
  let time = 1_000
  const shown: string[] = []
  const progress = createProgress(
    (line) => shown.push(line),
    () => time,
  )
  return { progress, shown, wait: (ms: number) => (time += ms) }
}

test('a file on its way has a name, a share and an end', () => {
  const { progress, shown, wait } = begin()
  const bar = progress.begin('report.pdf')
  bar.update(0, 2048)
  wait(1_000)
  bar.update(512, 2048)
  wait(1_000)
  bar.update(2048, 2048)
  bar.end()
  const shares = shown.map((line) => /^report\.pdf .* (\d+)% of 2\.0 KiB/.exec(line)?.[1])
  assert.deepEqual(shares, ['0', '25', '100', undefined])
  assert.match(shown[1] ?? '', / 03s left$/)
  assert.equal(shown.at(-1), '')
})

test('several files share one line', () => {
  const { progress, shown } = begin()
  const [first, second] = [progress.begin('a'), progress.begin('b')]
  first.update(100, 100)
  second.update(0, 100)
  assert.match(shown.at(-1) ?? '', /^2 files .* 50% of 200 bytes/)
  first.end()
  assert.match(shown.at(-1) ?? '', /^b .* 0% of 100 bytes/)
  second.end()
  assert.equal(shown.at(-1), '')
})

test('it is drawn no oftener than eyes read', () => {
  const { progress, shown, wait } = begin()
  const bar = progress.begin('a')
  for (let done = 1; done <= 1_000; done++) {
    bar.update(done, 1_000)
    wait(1)
  }
  assert.ok(shown.length <= 21, `${shown.length} times`)
})

test('an empty file, and one that was refused, show nothing', () => {
  const { progress, shown } = begin()
  progress.begin('a').end()
  const empty = progress.begin('b')
  empty.update(0, 0)
  empty.end()
  assert.ok(shown.every((line) => line === ''))
})

test('what was there before a file went on is no part of its speed', () => {
  const { progress, shown, wait } = begin()
  const bar = progress.begin('report.pdf', 1024)
  bar.update(1024, 2048)
  wait(1_000)
  bar.update(1536, 2048)
  assert.match(shown.at(-1) ?? '', / 75% of 2\.0 KiB, 01s left$/)
})
