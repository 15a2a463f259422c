// Damaged real logs never crash the reader or prove a success that they do not hold. Where a log is cut does not matter.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { scan, scanToEnd } from '../../../agent/kopia/log/scanner.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { createRandom } from '../../support/random.ts'

const folder = new URL('../../fixtures/cli-logs/', import.meta.url)
const fixtures = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(new URL(name, folder)) }))
const rounds = 300
const command = 'server-start'

type Mutation = (bytes: Buffer, random: () => number) => Buffer

function at(bytes: Buffer, random: () => number): number {
  return Math.floor(random() * (bytes.length + 1))
}

function lines(bytes: Buffer): string[] {
  return bytes.toString('latin1').split('\n')
}

const mutations: Readonly<Record<string, Mutation>> = {
  truncated: (bytes, random) => bytes.subarray(0, at(bytes, random)),
  beheaded: (bytes, random) => bytes.subarray(at(bytes, random)),
  doubled: (bytes, random) => Buffer.concat([bytes.subarray(0, at(bytes, random)), bytes]),
  shuffled: (bytes, random) =>
    Buffer.from(
      lines(bytes)
        .map((line) => ({ line, rank: random() }))
        .sort((one, other) => one.rank - other.rank)
        .map(({ line }) => line)
        .join('\n'),
      'latin1',
    ),
  binary: (bytes, random) => {
    const damaged = Buffer.from(bytes)
    for (let index = 0; index < 50; index += 1)
      damaged[at(bytes, random) % bytes.length] = Math.floor(random() * 256)
    return damaged
  },
}

function evidenceOf(bytes: Buffer): RunEvidence {
  return scanToEnd(bytes, command).records.reduce(addRecord, noEvidence)
}

/** The ids in the log. The evidence may hold no other id. */
function loggedIds(bytes: Buffer): ReadonlySet<string> {
  return new Set(
    [...bytes.toString('latin1').matchAll(/(?:and ID|created snapshot) (\w+)/g)].map(([, id = '']) => id),
  )
}

for (const { name, bytes } of fixtures) {
  for (const [kind, mutate] of Object.entries(mutations)) {
    test(`${name}, ${kind}`, () => {
      const random = createRandom(name.length * 31 + kind.length)
      for (let round = 0; round < rounds; round += 1) {
        const mutated = mutate(bytes, random)
        const evidence = evidenceOf(mutated)
        const ids = loggedIds(mutated)
        for (const { reportedResult } of evidence.attempts) {
          if (reportedResult !== undefined && reportedResult.kind !== 'identical')
            assert.ok(ids.has(reportedResult.snapshotId), `round ${round}`)
        }
        assert.ok(evidence.attempts.length <= lines(mutated).length)
      }
    })
  }

  test(`${name}, read in two pieces, cut at any byte`, () => {
    const whole = evidenceOf(bytes)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const first = scan(bytes.subarray(0, cut), command)
      const between = first.records.reduce(addRecord, noEvidence)
      const second = scanToEnd(bytes.subarray(first.consumedBytes), command)
      assert.deepEqual(second.records.reduce(addRecord, between), whole, `cut at byte ${cut}`)
    }
  })
}
