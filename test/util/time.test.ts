import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTime } from '../../agent/util/time.ts'

test('a parsed time keeps its microseconds, in UTC and with an offset', () => {
  const utc = parseTime('2026-11-24T11:36:47.347300Z')
  assert.equal(utc?.toFixed(6), '1795520207.347300')
  assert.equal(parseTime('2026-11-24T12:36:47.347300+0100'), utc)
  assert.equal(parseTime('2026-11-24T12:36:47.347300+01:00'), utc)
  assert.equal(parseTime('yesterday'), undefined)
})
