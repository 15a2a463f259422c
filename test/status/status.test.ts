import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusJson } from '../../agent/status/json.ts'
import { sparkline } from '../../agent/status/sparkline.ts'
import { problemCount, statusOf } from '../../agent/status/status.ts'
import { type Paint, statusTable } from '../../agent/status/table.ts'
import { widthOf } from '../../agent/status/text-width.ts'
import { agoWords, bytesWords, durationWords, intervalWords, visible } from '../../agent/status/words.ts'
import { day, type History, hostilePath, hour, ledgerOf, manyHistories, now } from '../support/ledgers.ts'
import { defaultLimitSettings } from '../support/limits.ts'

const plain: Paint = (_, text) => text
const nothing: ReadonlyMap<string, number> = new Map()

function history(path: string, change: Partial<History> = {}): History {
  return { source: { user: 'root', host: 'vm', path }, lastSuccessAgo: hour, snapshots: 10, ...change }
}

function statesOf(histories: readonly History[]) {
  const status = statusOf(ledgerOf(histories), defaultLimitSettings, nothing, now)
  return status.sources.map(({ source, state }) => [source.path, state])
}

test('the order is failing, overdue, new, fine; among failing and overdue the oldest success is first', () => {
  const failedSince = (ago: number): Partial<History> => ({ lastSuccessAgo: ago, later: [[60, 'failed']] })
  const histories = [
    history('/fine'),
    history('/also-fine'),
    history('/late', { lastSuccessAgo: 2 * day }),
    history('/later', { lastSuccessAgo: 5 * day }),
    history('/failed', failedSince(hour)),
    history('/failed-long-ago', failedSince(9 * day)),
    history('/stopped', { later: [[30, 'incomplete']] }),
    history('/new', { snapshots: 0 }),
  ]
  assert.deepEqual(statesOf(histories), [
    ['/failed-long-ago', 'failing'],
    ['/failed', 'failing'],
    ['/stopped', 'failing'],
    ['/later', 'overdue'],
    ['/late', 'overdue'],
    ['/new', 'waiting'],
    ['/also-fine', 'fine'],
    ['/fine', 'fine'],
  ])
  const { counts } = statusOf(ledgerOf(histories), defaultLimitSettings, nothing, now)
  assert.deepEqual(counts, { failing: 3, overdue: 2, waiting: 1, fine: 2 })
})

test('the table shows each source, its problem below its row, and what is running', () => {
  const status = statusOf(
    ledgerOf([
      history('/data/photos', { snapshots: 3 }),
      history('/data/mail', {
        snapshots: 3,
        lastSuccessAgo: 2 * day,
        later: [
          [600, 'failed'],
          [180, 'failed'],
        ],
      }),
      history('/data/new', { snapshots: 0 }),
    ]),
    defaultLimitSettings,
    new Map([['root@vm:/data/photos', now - 75]]),
    now,
  )
  assert.equal(problemCount(status), 1)
  assert.equal(
    statusTable(status, { columns: 110, paint: plain }),
    `1 failing of 3 sources on root@vm

  STATE    SOURCE        LAST SUCCESS     NEXT        TOOK    SIZE  LAST DURATIONS  FILES  SNAPSHOTS
✗ failing  /data/mail         2 d ago  overdue        13 s  4.4 GB  █▇▄××           2,000          3
           the last attempt failed 3 min ago, 2 times in a row: 2 files could not be read; due 24 h ago by its
           schedule, overdue for 11 h
· waiting  /data/new            never        –           –       –                      –          –
✓ fine     /data/photos       1 h ago  in 22 h  1 min 27 s  4.4 GB  ▆██             1,000          3
           running for 1 min
`,
  )
})

test('no line is wider than the terminal, whatever the names; without a terminal nothing is shortened', () => {
  const status = statusOf(
    ledgerOf(manyHistories(60)),
    defaultLimitSettings,
    new Map([[`root@server-1:${hostilePath}`, now - 5]]),
    now,
  )
  for (const columns of [24, 30, 40, 60, 80, 100, 132, 200]) {
    const lines = statusTable(status, { columns, paint: plain }).split('\n')
    for (const line of lines) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
  }
  const whole = statusTable(status, { columns: undefined, paint: plain })
  for (const { source } of status.sources) assert.ok(whole.includes(visible(source.path)), source.path)
})

test('control characters in names do not reach the terminal', () => {
  const text = statusTable(statusOf(ledgerOf(manyHistories(3)), defaultLimitSettings, nothing, now), {
    columns: undefined,
    paint: plain,
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain them
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  assert.ok(text.includes('onerror=alert(1)>"\'&amp;\\n\\u{1b}[31m\\u{202e}写真 é'), text)
})

test('colours change no text', () => {
  const painted: string[] = []
  const paint: Paint = (colour, text) => {
    painted.push(colour)
    return `<${colour}>${text}</${colour}>`
  }
  const status = statusOf(
    ledgerOf([history('/a', { lastSuccessAgo: 5 * day })]),
    defaultLimitSettings,
    nothing,
    now,
  )
  const coloured = statusTable(status, { columns: 80, paint })
  assert.ok(painted.includes('yellow'))
  assert.equal(coloured.replace(/<\/?\w+>/g, ''), statusTable(status, { columns: 80, paint: plain }))
})

test('JSON has every field of every source, null if unknown', () => {
  const status = statusOf(ledgerOf(manyHistories(30)), defaultLimitSettings, nothing, now)
  const parsed = JSON.parse(
    statusJson({ status, agent: { processId: undefined, ledgerSavedAt: now - 5 }, doubts: [] }),
  )
  assert.equal(parsed.agent_running, false)
  assert.equal(parsed.ledger_saved_timestamp_seconds, now - 5)
  assert.deepEqual(parsed.counts, { failing: 2, overdue: 1, waiting: 0, fine: 27 })
  const fields = parsed.sources.map((source: object) => Object.keys(source).join())
  assert.equal(new Set(fields).size, 1)
  const [worst] = parsed.sources
  assert.deepEqual(
    [worst.state, worst.last_attempt_status, worst.consecutive_failures],
    ['failing', 'incomplete', 2],
  )
  assert.equal(worst.running_since_timestamp_seconds, null)
  assert.ok(parsed.sources.some(({ path }: { path: string }) => path === hostilePath))
  assert.ok(
    parsed.sources.every(
      ({ recent_attempts }: { recent_attempts: object[] }) => recent_attempts.length <= 30,
    ),
  )
})

test('durations, intervals, sizes and times are formatted for people', () => {
  assert.deepEqual([86_340, 21_700, 90, 20].map(intervalWords), ['1 d', '6 h', '2 min', '1 min'])
  assert.deepEqual([0.0312, 1.44, 59.4, 200, 7500, 86_400, 360_000].map(durationWords), [
    '31 ms',
    '1.4 s',
    '59 s',
    '3 min 20 s',
    '2 h 5 min',
    '1 d',
    '4 d 4 h',
  ])
  assert.deepEqual([0, 999, 1000, 99_940, 123_456, 2.34e9].map(bytesWords), [
    '0 B',
    '999 B',
    '1.0 kB',
    '99.9 kB',
    '123 kB',
    '2.3 GB',
  ])
  assert.deepEqual([agoWords(now - 90, now), agoWords(now + 7200, now)], ['1 min ago', 'in 2 h'])
})

test('a sparkline has one character per attempt, and the longest attempt has the highest bar', () => {
  const attempt = (durationSeconds: number, outcome: 'success' | 'failed' = 'success') => ({
    endedAt: now,
    durationSeconds,
    outcome,
  })
  assert.equal(sparkline([]), '')
  assert.equal(sparkline([attempt(0)]), '▁')
  assert.equal(sparkline([attempt(1), attempt(4), attempt(8), attempt(2, 'failed')]), '▁▄█×')
})
