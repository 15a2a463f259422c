import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stretchesOf } from '../../agent/backfill/grid.ts'
import { type Backfill, extentOf, openMetrics } from '../../agent/backfill/openmetrics.ts'
import { statesOf } from '../../agent/backfill/states.ts'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import { makeSnapshot } from '../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data "x"\n\\é' }
/** A full hour, so that the times of the samples are round. */
const base = 1_700_000_000 - (1_700_000_000 % 3600)

function attempt(endedAt: number, outcome: Outcome, snapshotId?: string): FinishedAttempt {
  const errors = { fatal: 0, ignored: 0 }
  return {
    source,
    outcome,
    startedAt: endedAt - 30,
    endedAt,
    durationSeconds: 30.5,
    errors,
    ...(snapshotId && { snapshotId }),
  }
}

function snapshotAt(endedAt: number, sizeBytes: number, incomplete?: string) {
  return makeSnapshot({
    source,
    id: String(endedAt),
    startedAt: endedAt - 30,
    endedAt,
    sizeBytes,
    files: 7,
    incomplete,
  })
}

/** Success, failure, incomplete, success; an hour apart. */
const history = {
  source,
  attempts: [
    attempt(base + 10, 'success', 'a'),
    attempt(base + 3610, 'failed'),
    attempt(base + 7210, 'incomplete', 'b'),
    attempt(base + 10_810, 'success', 'c'),
  ],
  snapshots: [
    snapshotAt(base + 10, 100),
    snapshotAt(base + 7210, 50, 'canceled'),
    snapshotAt(base + 10_810, 200),
  ],
}

const backfill: Backfill = {
  sources: [{ source, states: statesOf(history) }],
  labels: { job: 'kopia', instance: 'vm' },
  grid: { until: base + 14_400, recentFrom: base + 7200, recentSpacing: 600, olderSpacing: 1800 },
}

function textOf(made: Backfill): string {
  return [...openMetrics(made)].map(({ text }) => text).join('')
}

/** The values of one series by its time after `base`. */
function valuesOf(text: string, name: string, label = ''): Readonly<Record<number, number>> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label))
  const samples = lines.map((line) => /\} (\S+) (\d+)$/.exec(line) ?? [])
  return Object.fromEntries(samples.map(([, value, time]) => [Number(time) - base, Number(value)]))
}

test('a grid has round times, a small spacing in the recent period and a large one before, and excludes its end', () => {
  const { grid } = backfill
  assert.deepEqual(stretchesOf(grid, base + 10, base + 7810), [
    { first: base + 1800, spacing: 1800, count: 3 },
    { first: base + 7200, spacing: 600, count: 2 },
  ])
  assert.deepEqual(stretchesOf(grid, base + 13_800, base + 99_999), [
    { first: base + 13_800, spacing: 600, count: 1 },
  ])
  assert.deepEqual(stretchesOf(grid, base + 10, base + 20), [])
})

test('each series has the value of the last attempt before each sample', () => {
  const text = textOf(backfill)
  const at = (values: Readonly<Record<number, number>>) =>
    [1800, 5400, 9000, 13_200].map((time) => values[time])
  assert.deepEqual(at(valuesOf(text, 'kopia_backup_status')), [1, 0, 0, 1])
  assert.deepEqual(at(valuesOf(text, 'kopia_backup_size_bytes')), [100, 100, 100, 200])
  assert.deepEqual(at(valuesOf(text, 'kopia_backup_files')), [7, 7, 7, 7])
  assert.deepEqual(at(valuesOf(text, 'kopia_snapshot_count', 'type="all"')), [1, 1, 2, 3])
  const durations = (status: string) =>
    at(valuesOf(text, 'kopia_backup_duration_seconds', `status="${status}"`))
  assert.deepEqual(durations('success'), [30.5, undefined, undefined, 30.5])
  assert.deepEqual(durations('failed'), [undefined, 30.5, undefined, undefined])
  assert.deepEqual(durations('incomplete'), [undefined, undefined, 30.5, undefined])
  const attempts = (status: string) => at(valuesOf(text, 'kopia_backup_attempts_total', `status="${status}"`))
  assert.deepEqual(attempts('success'), [1, 1, 1, 2])
  assert.deepEqual(attempts('failed'), [0, 1, 1, 1])
  assert.deepEqual(attempts('incomplete'), [0, 0, 1, 1])
})

test('the text has one family after the other, each series in time order, escaped labels, and # EOF', () => {
  const text = textOf(backfill)
  assert.ok(text.endsWith('\n# EOF\n'))
  assert.match(
    text,
    /^kopia_backup_status\{job="kopia",instance="vm",user="root",host="vm",path="\/data \\"x\\"\\n\\\\é"\} 1 \d{10}$/m,
  )
  assert.match(text, /^# TYPE kopia_backup_attempts counter$/m)
  const families = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name)
  assert.equal(new Set(families).size, families.length)
  const last = new Map<string, number>()
  let family = ''
  for (const line of text.split('\n').slice(0, -2)) {
    family = /^# TYPE (\S+) /.exec(line)?.[1] ?? family
    const [, series = '', time] = /^(.*\}) \S+ (\d+)$/.exec(line) ?? []
    if (time === undefined) continue
    assert.ok(series.startsWith(family), line)
    assert.ok(Number(time) > (last.get(series) ?? 0), line)
    last.set(series, Number(time))
  }
  assert.equal(last.size, 10)
})

test('extentOf computes the exact size of the text', () => {
  const many = Array.from({ length: 40 }, (_, index) => {
    const path = `/data/é${index}`
    return { source: { ...source, path }, states: statesOf(history) }
  })
  const grid = { until: base + 14_400, recentFrom: base + 7200, recentSpacing: 5, olderSpacing: 60 }
  for (const made of [backfill, { ...backfill, sources: [] }, { ...backfill, sources: many, grid }]) {
    const pieces = [...openMetrics(made)]
    const text = pieces.map((piece) => piece.text).join('')
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    assert.deepEqual(extentOf(made), { samples, bytes: Buffer.byteLength(text) })
    assert.equal(
      pieces.reduce((sum, piece) => sum + piece.samples, 0),
      samples,
    )
    for (const { text: piece } of pieces) assert.ok(piece.length < 300_000, `${piece.length}`)
  }
})
