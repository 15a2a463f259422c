// What the report says, by ledgers and a clock that are handed in.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createLedger } from '../../agent/ledger/ledger.ts'
import { noVerifyErrors } from '../../agent/ledger/proof.ts'
import { dateWordsIn } from '../../agent/report/dates.ts'
import { headline, periodWords } from '../../agent/report/headline.ts'
import { documentedReportFields, reportJson } from '../../agent/report/json.ts'
import { reportMail } from '../../agent/report/mail.ts'
import type { Report } from '../../agent/report/report.ts'
import { reportText } from '../../agent/report/text.ts'
import { problemCount } from '../../agent/status/status.ts'
import { troubledLedger } from '../support/ledgers.ts'
import { parseMessage } from '../support/sending.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'
import { daily, day, hour, ledgerOf, type Made, now, reportOn, sourceOf } from './made-report.ts'

const dates = dateWordsIn('Europe/Berlin', now)
const line = (report: Report) => headline(report, dates)
const text = (report: Report) => reportText(report, dates)

test('all good: how many, in which time, and that nothing is overdue', () => {
  const report = reportOn(ledgerOf({ '/a': daily(20), '/b': daily(20), '/c': daily(20) }))
  assert.equal(report.verdict, 'good')
  assert.equal(line(report), 'All 3 backups are good: 21 in 7 days, nothing overdue')
  assert.match(text(report), /^✓ All 3 backups/)
  assert.match(
    text(report),
    /21 backups made in 7 days, no attempt failed\.\nThey have grown by 21\.0 MB to 3\.0 GB\./,
  )
  assert.equal(
    line(reportOn(ledgerOf({ '/a': daily(20) }))),
    'The one backup is good: 7 in 7 days, nothing overdue',
  )
})

test('hourly backups of a week are all counted', () => {
  const hourly = Array.from({ length: 400 }, (_, index): Made => [(399 - index) * hour + 600, 'success'])
  assert.match(line(reportOn(ledgerOf({ '/a': hourly }))), /^The one backup is good: 168 in 7 days/)
})

test('backups every five minutes: fewer are known, which is said', () => {
  const frequent = Array.from({ length: 3000 }, (_, index): Made => [(2999 - index) * 300 + 60, 'success'])
  const report = reportOn(ledgerOf({ '/a': frequent }))
  assert.equal(line(report), 'The one backup is good: at least 800 in 7 days, nothing overdue')
  assert.match(text(report), /Of some sources only the newest attempts are known/)
  assert.match(text(report), /800 since Wed 25 Nov/)
})

test('a failure that was followed by a success has recovered', () => {
  const made: readonly Made[] = [
    ...daily(9).slice(0, -1),
    [7 * hour, 'failed'],
    [6 * hour, 'incomplete'],
    [5 * hour, 'success'],
  ]
  const report = reportOn(ledgerOf({ '/a': made, '/b': daily(9) }))
  assert.equal(line(report), 'All 2 backups are good: 14 in 7 days, 2 failed and recovered, nothing overdue')
  assert.match(text(report), /2 attempts failed or stopped early, and each source has recovered\./)
  assert.match(text(report), /7 in 7 days, 1 failed, 1 stopped early and recovered/)
})

test('what needs attention is named at once, and stands first', () => {
  const failing: readonly Made[] = [...daily(9).slice(0, -1), [6 * hour, 'failed']]
  const overdue = daily(9).slice(0, 4)
  const report = reportOn(ledgerOf({ '/good': daily(9), '/failing': failing, '/overdue': overdue }))
  assert.equal(report.verdict, 'attention')
  assert.equal(line(report), '2 of 3 backups need attention: /failing failing, /overdue overdue')
  const words = text(report)
  assert.ok(words.indexOf('root@nas:/failing') < words.indexOf('root@nas:/good'), words)
  assert.match(words, /The last attempt failed 6 h ago: 2 files could not be read\./)
  assert.match(words, /overdue for \d+ d/)
})

test('only failures: no backup is called good', () => {
  const report = reportOn(
    ledgerOf(
      {
        '/a': [
          [2 * hour, 'failed'],
          [hour, 'failed'],
        ],
      },
      3 * hour,
    ),
  )
  assert.equal(line(report), '1 of 1 backup needs attention: /a failing')
  assert.match(text(report), /No backup was made since Sat 28 Nov, 2 attempts failed\./)
  assert.match(text(report), /none since Sat 28 Nov, 2 failed · – · never succeeded/)
})

test('many problems: three are named in the first line, all below', () => {
  const sources = Object.fromEntries(
    ['/a', '/b', '/c', '/d', '/e'].map((path) => [path, [[hour, 'failed']] as const]),
  )
  const report = reportOn(ledgerOf(sources))
  assert.equal(line(report), '5 of 5 backups need attention: /a failing, /b failing, /c failing, 2 more')
  assert.equal(text(report).match(/✗ root@nas/g)?.length, 5)
})

test('an agent that is silent: nothing is called good, and since when nothing is known', () => {
  const ledger = ledgerOf({ '/a': daily(9), '/b': daily(9) })
  ledger.noteUpToDate(now - 3 * hour)
  const stopped = reportOn(ledger, { processId: undefined })
  assert.equal(stopped.verdict, 'unknown')
  assert.equal(
    line(stopped),
    'Unknown whether the 2 backups are good: the agent is silent since Sat 28 Nov 10:00 CET',
  )
  assert.match(text(stopped), /^\? Unknown[^✓]*it does not run\. Start it[^✓]*$/)
  assert.match(text(reportOn(ledger)), /though its process runs/)
})

test('a problem of a stale ledger is told, too', () => {
  const ledger = ledgerOf({ '/a': daily(9), '/b': [...daily(5), [4 * hour, 'failed']] })
  ledger.noteUpToDate(now - 3 * hour)
  assert.match(line(reportOn(ledger)), /silent since .*; 1 needs attention anyway$/)
})

test('a job whose ledger was saved a quarter of an hour ago is up to date', () => {
  const ledger = ledgerOf({ '/a': daily(9) })
  ledger.noteUpToDate(now - 900)
  assert.equal(reportOn(ledger, { processId: undefined }).verdict, 'good')
})

test('a repository that cannot be asked, or was never asked: nothing is called good', () => {
  const ledger = ledgerOf({ '/a': daily(9) })
  ledger.updateRepository({ unreachableSince: now - hour })
  assert.equal(
    line(reportOn(ledger)),
    'Unknown whether the one backup is good: the repository cannot be asked since Sat 28 Nov 12:00 CET',
  )
  const { policies = [] } = ledger.repository
  const neverAsked = createLedger({ ...ledger.toData(new Map()), repository: { policies } })
  assert.match(line(reportOn(neverAsked)), /: Kopia has not shown the repository yet$/)
})

test('no source: nothing is called good', () => {
  const report = reportOn(ledgerOf({}))
  assert.deepEqual(
    [report.verdict, line(report)],
    ['unknown', 'No backup is known: no source has been seen yet'],
  )
})

test('a ledger of the future: the clock was set back', () => {
  const ledger = ledgerOf({ '/a': daily(9) })
  const report = reportOn(ledger, { at: now - 2 * day })
  assert.equal(report.verdict, 'unknown')
  assert.match(line(report), /the ledger is of a time that has not come yet/)
  assert.match(text(report), /Was the clock set back\?/)
})

test('an agent that began after the begin of the clock that was set back knows no attempts', () => {
  const report = reportOn(ledgerOf({ '/a': daily(2) }, hour), { at: now - 3 * day })
  assert.deepEqual(report.sources[0]?.attempts, { success: 0, failed: 0, incomplete: 0 })
})

test('the time before the agent is not claimed to be known', () => {
  const report = reportOn(ledgerOf({ '/a': daily(2) }, 2 * day))
  assert.equal(line(report), 'The one backup is good: 2 since Thu 26 Nov, nothing overdue')
  assert.match(text(report), /Attempts are known since Thu 26 Nov 13:00 CET, when the agent began here\./)
  assert.match(text(report), /1\.0 GB \(\+1\.0 MB since Fri 27 Nov\)/)
})

test('a source that has no backup yet is not called good', () => {
  const report = reportOn(ledgerOf({ '/a': daily(9), '/new': [] }, 8 * hour))
  assert.equal(report.verdict, 'new')
  assert.match(line(report), /^1 of 2 backups is good, 1 has not begun yet: /)
})

test('no new backup in the period, and none was due', () => {
  const report = reportOn(ledgerOf({ '/a': daily(9) }), { sinceSeconds: hour })
  assert.equal(line(report), 'The one backup is good: no new one in 1 hour, nothing overdue')
})

test('what was proved readable, and what cannot be read back', () => {
  const ledger = ledgerOf({ '/a': daily(9), '/b': daily(9) })
  const verdict = {
    snapshotId: 'x',
    snapshotStartedAt: now - day,
    objects: 9,
    readBytes: 1,
    restoredFiles: 1,
  }
  const times = { startedAt: now - 2 * day - 60, endedAt: now - 2 * day }
  const proven = { ...verdict, outcome: 'proven', errors: noVerifyErrors, faults: [] } as const
  ledger.addVerification(sourceOf('/a'), { ...times, result: proven }, now)
  assert.match(text(reportOn(ledger)), /1 of 2 sources proved readable in this time\./)
  assert.match(text(reportOn(ledger)), /proved readable 2 d ago/)
  const faults = [
    { kind: 'checksum', snapshotId: 'x', rootId: '', path: 'f', reason: 'f is damaged' },
  ] as const
  const faulty = {
    ...verdict,
    outcome: 'faulty',
    errors: { ...noVerifyErrors, checksum: 1 },
    faults,
  } as const
  ledger.addVerification(sourceOf('/b'), { ...times, result: faulty }, now)
  const report = reportOn(ledger)
  assert.equal(line(report), '1 of 2 backups needs attention: /b failing')
  assert.match(text(report), /cannot be read back: 1 object \(checksum\): f is damaged\./)
})

test('a source that was proved readable, and then was not, does not count as proved', () => {
  const ledger = ledgerOf({ '/a': daily(9) })
  const verdict = {
    snapshotId: 'x',
    snapshotStartedAt: now - day,
    objects: 9,
    readBytes: 1,
    restoredFiles: 1,
  }
  const proven = { ...verdict, outcome: 'proven', errors: noVerifyErrors, faults: [] } as const
  const times = (ago: number) => ({ startedAt: now - ago - 60, endedAt: now - ago })
  ledger.addVerification(sourceOf('/a'), { ...times(2 * day), result: proven }, now)
  assert.match(text(reportOn(ledger)), /1 of 1 source proved readable/)
  const fault = { kind: 'checksum', snapshotId: 'x', rootId: '', path: 'f', reason: 'f is damaged' } as const
  const errors = { ...noVerifyErrors, checksum: 1 }
  const faulty = { ...verdict, outcome: 'faulty', errors, faults: [fault] } as const
  ledger.addVerification(sourceOf('/a'), { ...times(day), result: faulty }, now)
  assert.match(text(reportOn(ledger)), /0 of 1 source proved readable/)
})

test('files that a policy lets a backup leave out are told in the first line', () => {
  const ledger = ledgerOf({ '/a': daily(9), '/b': daily(9) })
  const times = { startedAt: now - 660, endedAt: now - 600, durationSeconds: 60 }
  const attempt = {
    source: sourceOf('/a'),
    outcome: 'success',
    errors: { fatal: 0, ignored: 7 },
    ...times,
  } as const
  ledger.addFinished(attempt, now)
  const report = reportOn(ledger)
  assert.equal(
    line(report),
    'All 2 backups are good: 15 in 7 days, nothing overdue, but 7 files could not be read',
  )
  assert.match(text(report), /✓ root@nas:\/a\n {4}7 files could not be read and are not in the last backup/)
  ledger.addFinished(
    { ...attempt, startedAt: now - 90, endedAt: now - 30, errors: { fatal: 0, ignored: 0 } },
    now,
  )
  assert.doesNotMatch(text(reportOn(ledger)), /could not be read/)
})

test('an attempt that ended less than a second ago is counted', () => {
  for (const fraction of [0, 0.2, 0.4, 0.6, 0.8]) {
    const at = now + fraction
    const ledger = ledgerOf({ '/a': [[0.1, 'success']] }, 0.2, at)
    assert.deepEqual(reportOn(ledger, { at }).sources[0]?.attempts, { success: 1, failed: 0, incomplete: 0 })
  }
})

test('data that is missing or was replaced is no good news, as in the alerts, also a week later', () => {
  const shrunk: readonly Made[] = [
    ...daily(25).slice(0, -6),
    ...[5, 4, 3, 2, 1, 0].map((ago): Made => [ago * day + 5 * hour, 'success', 2e8]),
  ]
  const report = reportOn(ledgerOf({ '/a': daily(25), '/b': shrunk }))
  assert.equal(report.verdict, 'attention')
  assert.match(line(report), /^1 of 2 backups needs attention: \/b shrank to 2\d %$/)
  assert.match(text(report), /The newest snapshot holds 2\d % of the bytes that were the least before/)
  const aDay = reportOn(ledgerOf({ '/b': shrunk }), { sinceSeconds: day })
  assert.equal(aDay.verdict, 'good', 'after three days the new size is usual')

  const replaced = ledgerOf({ '/a': daily(25) })
  const made = (id: string, ago: number, changedFiles: number) =>
    makeSnapshot({
      id,
      source: sourceOf('/a'),
      startedAt: now - ago - 60,
      endedAt: now - ago,
      files: 100,
      changedFiles,
    })
  const usual = Array.from({ length: 20 }, (_, index) => made(`${index}`, (20 - index) * day, 2))
  replaced.addSnapshots(sourceOf('/a'), [...usual, made('x', hour, 95)], askedAt(now + 1))
  assert.match(line(reportOn(replaced)), /^1 of 1 backup needs attention: \/a 95 % changed$/)
  assert.match(text(reportOn(replaced)), /95 % of the files changed at once, far more than usual/)
})

test('a size is alarming from the share on that the alert names', async () => {
  const rules = await readFile(new URL('../../rules/kopia_alerts.yml', import.meta.url), 'utf8')
  const shares = [...rules.matchAll(/_baseline(?:_bytes)?\[15m\]\) < (0\.\d+)/g)].map(([, share]) =>
    Number(share),
  )
  assert.equal(shares.length, 2)
  for (const share of shares) {
    const newestOf = (part: number): readonly Made[] => [
      ...daily(25)
        .slice(0, -1)
        .map(([ago, outcome]): Made => [ago, outcome, 1e9]),
      [hour, 'success', part * 1e9],
    ]
    const verdicts = [share - 0.01, share + 0.01].map(
      (part) => reportOn(ledgerOf({ '/a': newestOf(part) })).verdict,
    )
    assert.deepEqual(verdicts, ['attention', 'good'])
  }
})

test('long paths are shortened in the first line, and hostile ones are harmless', () => {
  const failed: readonly Made[] = [[hour, 'failed']]
  const hostile = '/a\nBcc: eve@example.com\r\n\u202Egpj'
  const report = reportOn(ledgerOf({ [`/${'x'.repeat(3000)}/end`]: failed, [hostile]: failed }))
  assert.match(line(report), /…x+\/end failing/)
  assert.ok(line(report).length < 200, line(report))
  const message = reportMail(report, dates, 'id')
  for (const each of message.split('\n')) assert.ok(Buffer.byteLength(each) <= 76, each)
  const { headers, parts } = parseMessage(message)
  assert.deepEqual(
    [...headers.keys()],
    ['subject', 'date', 'message-id', 'auto-submitted', 'mime-version', 'content-type'],
  )
  assert.ok(headers.get('subject')?.endsWith(line(report)))
  for (const part of parts.values()) assert.doesNotMatch(part, /^Bcc|\u202E/m)
})

test('the report has a problem whenever the status has one', () => {
  const report = reportOn(troubledLedger(), { at: Date.parse('2026-11-24T12:00:00Z') / 1000 })
  assert.ok(problemCount(report.status) > 0)
  assert.notEqual(report.verdict, 'good')
  assert.match(text(report), /Kopia is connected to another repository/)
  assert.match(text(report), /The last "kopia snapshot verify" failed/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no escape sequence may reach a terminal
  assert.doesNotMatch(text(report), /\u001b/)
})

test('times are in the time zone of the machine, with both zones where the clocks changed', () => {
  const at = Date.parse('2026-10-26T07:00:00Z') / 1000
  const { period } = reportOn(ledgerOf({ '/a': daily(9) }, 365 * day, at), { at })
  assert.equal(dates.range(period.from, period.until), 'Mon 19 Oct 09:00 CEST – Mon 26 Oct 08:00 CET')
  assert.equal(dateWordsIn('Asia/Kolkata', now).exact(now), 'Sat 28 Nov 17:30 GMT+5:30')
  assert.equal(
    dateWordsIn('UTC', now).exact(Date.parse('2026-09-01T00:05:00Z') / 1000),
    'Tue 1 Sep 00:05 UTC',
  )
})

test('a time of another year has its year, so that a year does not look like a day', () => {
  const ledger = ledgerOf({ '/a': daily(9) }, 500 * day)
  const { period } = reportOn(ledger, { sinceSeconds: 366 * day })
  assert.equal(dates.range(period.from, period.until), 'Thu 27 Nov 2025 13:00 – Sat 28 Nov 13:00 CET')
  ledger.noteUpToDate(now - 365 * day)
  assert.match(line(reportOn(ledger)), /the agent is silent since Fri 28 Nov 2025 13:00 CET$/)
})

test('periods in words', () => {
  assert.deepEqual([7 * day, 28 * day, day, 5400].map(periodWords), [
    '7 days',
    '28 days',
    '24 hours',
    '90 minutes',
  ])
})

test('the JSON has every documented field, sizes in bytes and times in ISO 8601', () => {
  const json = JSON.parse(reportJson(reportOn(ledgerOf({ '/a': daily(9) })), dates))
  const names = documentedReportFields().map(({ name }) => name)
  const [source] = json.sources
  const found = [...Object.keys(json), ...Object.keys(source).map((name) => `sources[].${name}`)]
  assert.deepEqual(found, names)
  assert.deepEqual(
    [json.verdict, json.until, json.since],
    ['good', '2026-11-28T12:00:00.000Z', '2026-11-21T12:00:00.000Z'],
  )
  assert.deepEqual([source.size_bytes, source.growth_bytes], [1e9, 7e6])
  assert.deepEqual(source.attempts, { success: 7, failed: 0, incomplete: 0 })
})
