// Over thousands of made-up runs, no log and no answer make a success of an attempt that left nothing in the repository.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { settleRun } from '../../../agent/kopia/runs/attempts.ts'
import { noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import type { RepositoryAnswer } from '../../../agent/kopia/runs/finished-attempt.ts'
import { type EndedRun, newRun } from '../../../agent/kopia/runs/run.ts'
import { makeCommandRun } from '../../support/made-runs/command-run.ts'
import { type MadeRun, madeKey, type Random } from '../../support/made-runs/made-run.ts'
import { makeServerRun } from '../../support/made-runs/server-run.ts'
import { createRandom } from '../../support/random.ts'
import { holding } from '../../support/snapshots.ts'

const rounds = 1000

function toEndedRun({ command, lines, endedAt }: MadeRun): EndedRun {
  const records = lines.map(parseRecord).filter((record) => record !== undefined)
  assert.equal(records.length, lines.length)
  const evidence = records.reduce(addRecord, noEvidence)
  return { ...newRun(42, command), state: 'ended', endedAt, evidence, preview: evidence }
}

type Answers = (made: MadeRun) => RepositoryAnswer

/** Sources in which nothing has changed leave no snapshot, as the policy says. */
const holdingAll: Answers = ({ held }) => ({
  ...holding(...held),
  ignoresIdentical: () => true,
  newestIdBefore: () => '',
})
const unavailable: Answers = () => ({ kind: 'unavailable' })

/** Settles made runs. The wrong outcomes name their round and log. */
function settleMade(make: (random: Random) => MadeRun, answers: Answers) {
  const counts = { good: 0, waiting: 0 }
  const [wronglyGood, wronglyFailed]: [string[], string[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    const made = make(createRandom(round))
    const finished = settleRun(toEndedRun(made), answers(made), undefined)
    if (finished === undefined) counts.waiting += 1
    for (const { source, startedAt, outcome } of finished ?? []) {
      const isGood = made.good.has(madeKey(source, startedAt))
      const isSuccess = outcome === 'success'
      if (isGood && isSuccess) counts.good += 1
      const name = `round ${round}, ${source.path}:\n${made.lines.join('\n')}`
      if (isGood !== isSuccess) (isSuccess ? wronglyGood : wronglyFailed).push(name)
    }
  }
  return { ...counts, wronglyGood, wronglyFailed }
}

const makers: Readonly<Record<string, (random: Random) => MadeRun>> = {
  'of commands': makeCommandRun,
  'of servers': (random) => makeServerRun(random, 1),
}
const several = (random: Random) => makeServerRun(random, 3)

for (const [kind, make] of Object.entries(makers)) {
  test(`the repository confirms each success and each failure ${kind}`, () => {
    const { good, wronglyGood, wronglyFailed } = settleMade(make, holdingAll)
    assert.equal(wronglyGood[0], undefined)
    assert.equal(wronglyFailed[0], undefined)
    assert.ok(good > rounds / 4, `${good} successes`)
  })
}

// An error of a server names no source: right before one, an unchanged source among several cannot be told apart.
test('the repository confirms each success of servers that back up several sources at a time', () => {
  const { good, wronglyGood } = settleMade(several, holdingAll)
  assert.equal(wronglyGood[0], undefined)
  assert.ok(good > rounds / 4, `${good} successes`)
})

for (const [kind, make] of Object.entries({ ...makers, 'of servers with several at a time': several })) {
  test(`without an answer, the log alone proves each success and each failure ${kind}`, () => {
    const { good, waiting, wronglyGood, wronglyFailed } = settleMade(make, unavailable)
    assert.equal(wronglyGood[0], undefined)
    assert.equal(wronglyFailed[0], undefined)
    assert.ok(good > 0 && waiting > 0, `${good} successes, ${waiting} runs wait`)
  })
}
