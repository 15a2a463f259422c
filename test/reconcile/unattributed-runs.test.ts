import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnattributedRuns } from '../../agent/reconcile/unattributed-runs.ts'
import { createLogRecorder } from '../support/log-recorder.ts'

test('each run counts once, a server too, and the first one is said', () => {
  let count = 0
  const log = createLogRecorder()
  const runs = createUnattributedRuns({
    onUnattributed: () => {
      count += 1
    },
    log,
  })
  for (const runId of ['server', 'server', 'two', 'server']) runs.note(runId)
  assert.deepEqual([count, log.lines('warn').length], [2, 1])
  assert.match(log.lines('warn')[0] ?? '', /^kopia \(server\) can't be told apart.*own KOPIA_LOG_DIR/)
})

test('a run that is forgotten is not remembered here, and does not make the next one news', () => {
  let count = 0
  const log = createLogRecorder()
  const runs = createUnattributedRuns({
    onUnattributed: () => {
      count += 1
    },
    log,
  })
  runs.note('one')
  runs.retain(new Map([['one', 1]]))
  runs.note('one')
  assert.equal(count, 1)
  runs.retain(new Map())
  runs.note('one')
  assert.deepEqual([count, log.lines('warn').length], [2, 1])
})
