import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { coalesce } from '../../agent/util/coalesce.ts'
import { createQueue } from '../../agent/util/queue.ts'

/** A task whose runs end one by one, when the test ends them. */
function createManualTask() {
  const ends: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  let begun = 0
  return {
    begun: () => begun,
    run: () => {
      begun += 1
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      ends.push({ resolve, reject })
      return promise
    },
    end: async () => {
      ends.shift()?.resolve()
      await nextTurn()
    },
    fail: async (error: unknown) => {
      ends.shift()?.reject(error)
      await nextTurn()
    },
  }
}

/** Whether a promise has settled yet. */
function watch(promise: Promise<unknown>): () => 'pending' | 'resolved' | 'rejected' {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending'
  promise.then(
    () => {
      state = 'resolved'
    },
    () => {
      state = 'rejected'
    },
  )
  return () => state
}

test('calls during a run cause one more run, and their promises wait for it', async () => {
  const task = createManualTask()
  const call = coalesce(task.run)
  const first = watch(call())
  const others = [call(), call(), call()].map(watch)
  assert.equal(task.begun(), 1)
  await task.end()
  assert.deepEqual(
    [task.begun(), first(), ...others.map((state) => state())],
    [2, 'resolved', 'pending', 'pending', 'pending'],
  )
  const later = watch(call())
  await task.end()
  assert.deepEqual(
    [task.begun(), later(), ...others.map((state) => state())],
    [3, 'pending', 'resolved', 'resolved', 'resolved'],
  )
  await task.end()
  assert.deepEqual([task.begun(), later()], [3, 'resolved'])
})

test('a run that fails rejects its own calls, and the next run begins', async () => {
  const task = createManualTask()
  const call = coalesce(task.run)
  const [first, next] = [watch(call()), watch(call())]
  await task.fail(new Error('it failed'))
  assert.deepEqual([first(), next(), task.begun()], ['rejected', 'pending', 2])
  await task.end()
  assert.equal(next(), 'resolved')
})

test('queued tasks run one at a time, in the order of the calls', async () => {
  const enqueue = createQueue()
  const [one, two] = [createManualTask(), createManualTask()]
  const states = [watch(enqueue(one.run)), watch(enqueue(two.run))]
  await nextTurn()
  assert.deepEqual([one.begun(), two.begun()], [1, 0])
  await one.end()
  assert.deepEqual(
    [one.begun(), two.begun(), ...states.map((state) => state())],
    [1, 1, 'resolved', 'pending'],
  )
  await two.end()
  assert.deepEqual(
    states.map((state) => state()),
    ['resolved', 'resolved'],
  )
})

test('a queued task that fails rejects its own call and does not stop the next', async () => {
  const enqueue = createQueue()
  const failure = new Error('it failed')
  const failed = enqueue(() => {
    throw failure
  })
  const next = enqueue(() => 'result')
  await assert.rejects(failed, failure)
  assert.equal(await next, 'result')
})

test('a call between the end of a run and the begin of the next one starts no run beside it', async () => {
  let underWay = 0
  let most = 0
  const run = coalesce(async () => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise<void>((resolve) => setImmediate(resolve))
    underWay -= 1
  })
  const first = run()
  // Registered before the queued run, so it is called before it.
  const between = first.then(() => run())
  const queued = run()
  await Promise.all([first, between, queued])
  await run.idle()
  assert.deepEqual([most, underWay], [1, 0])
})
