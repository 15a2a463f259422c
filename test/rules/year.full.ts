// A year of backups with an incident of every kind: each is told, over when it is over, and nothing else is told.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { withTable } from '../../tools/docs.ts'
import { temporaryFolder } from '../support/folder.ts'
import { readAlerts, rulesFolder } from '../support/rules.ts'
import { incidents } from '../support/year/incidents.ts'
import { judge } from '../support/year/judge.ts'
import { yearTable } from '../support/year/table.ts'
import { looksAt } from '../support/year/windows.ts'
import { runYear, seedOfTheYear, simulateYear } from '../support/year/year.ts'

test('an incident of every kind is told, is over when it is over, and nothing else is told', async (context) => {
  const verdict = await runYear(seedOfTheYear, await temporaryFolder(context))
  const nameOf = ({
    alert,
    machine,
    path = '',
  }: {
    alert: string
    machine: string
    path?: string | undefined
  }) => `${alert} ${machine}${path}`
  const untold = verdict.incidents.filter(({ secondsToAlert }) => secondsToAlert === undefined)
  const lasting = verdict.incidents.filter(({ hasCleared }) => !hasCleared)
  assert.deepEqual(new Set(verdict.falseAlarms.map(nameOf)), new Set(), 'told without any incident')
  assert.deepEqual(
    untold.map(({ incident }) => nameOf(incident)),
    [],
    'not told',
  )
  assert.deepEqual(
    lasting.map(({ incident }) => nameOf(incident)),
    [],
    'told on and on',
  )
  const readme = await readFile(join(rulesFolder, 'README.md'), 'utf8')
  assert.equal(
    readme,
    withTable(readme, 'year', yearTable(verdict), 'npm run year'),
    'the table in rules/README.md is another one: npm run year',
  )
})

test('the year has an incident for every alert, and each of them hurts', async () => {
  const names = new Set(
    (await readAlerts()).map(({ alert }) => alert).filter((alert) => alert !== 'Watchdog'),
  )
  assert.deepEqual(new Set(incidents.map(({ alert }) => alert)), names)
  const seen = simulateYear(seedOfTheYear).flatMap((machineYear) => [...machineYear.seen.keys()])
  assert.deepEqual(new Set(seen), new Set(incidents))
  assert.equal(seen.length, incidents.length)
})

test('the same seed is the same year, another one another', () => {
  const runsOf = (seed: number) => simulateYear(seed).map(({ runs }) => [...runs.values()])
  assert.deepEqual(runsOf(1), runsOf(1))
  assert.notDeepEqual(runsOf(1), runsOf(2))
})

test('what was never told, never ended, or had no reason is found', () => {
  const machineYears = simulateYear(seedOfTheYear)
  const verdict = judge(machineYears, [])
  assert.ok(verdict.incidents.every(({ secondsToAlert }) => secondsToAlert === undefined))
  const [look] = looksAt(machineYears).filter(({ incident }) => incident?.alert === 'KopiaBackupFailed')
  assert.ok(look?.incident)
  const { alert, machine, path, until } = { path: undefined, ...look.incident }
  const late = judge(machineYears, [
    { alert, machine: String(machine), path, time: until + 5 * 86_400, look },
  ])
  assert.deepEqual(
    late.incidents.filter(({ hasCleared }) => !hasCleared).map(({ incident }) => incident),
    [look.incident],
  )
  const strange = { alert, machine: 'laptop', path: '/home', time: until, look }
  assert.deepEqual(judge(machineYears, [strange]).falseAlarms, [strange])
  assert.match(yearTable(late), /KopiaBackupFailed \| 4 \| 0 \| – \| – \| 0 \| 1 \|/)
})
