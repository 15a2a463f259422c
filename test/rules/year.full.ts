// Simulates a year of backups with an incident of every kind. Each incident raises its alert, no later than the rules did that
// looked back over weeks; each alert clears, and no other alert fires.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { withTable } from '../../tools/docs.ts'
import { temporaryFolder } from '../support/folder.ts'
import { readAlerts, rulesFolder } from '../support/rules.ts'
import { secondsBefore } from '../support/year/before.ts'
import { incidents } from '../support/year/incidents.ts'
import { limits } from '../support/year/limits.ts'
import type { MachineYear } from '../support/year/machine.ts'
import { resultOf } from '../support/year/result.ts'
import { comparisonTable, yearTable } from '../support/year/table.ts'
import { evaluationWindows } from '../support/year/windows.ts'
import { evaluateYear, seedOfTheYear, simulateYear } from '../support/year/year.ts'

const machineYears = simulateYear(seedOfTheYear)
/** The promtool tests of incidents evaluate this often, so times differ by as much. */
const evaluationSeconds = 300

test('every kind of incident raises its alert, every alert clears, and no other alert fires', async (context) => {
  const result = await evaluateYear(machineYears, await temporaryFolder(context))
  const nameOf = ({
    alert,
    machine,
    path = '',
  }: {
    alert: string
    machine: string
    path?: string | undefined
  }) => `${alert} ${machine}${path}`
  const missed = result.incidents.filter(({ secondsToAlert }) => secondsToAlert === undefined)
  const uncleared = result.incidents.filter(({ hasCleared }) => !hasCleared)
  assert.deepEqual(new Set(result.falseAlarms.map(nameOf)), new Set(), 'false alarms')
  assert.deepEqual(
    missed.map(({ incident }) => nameOf(incident)),
    [],
    'incidents without an alert',
  )
  assert.deepEqual(
    uncleared.map(({ incident }) => nameOf(incident)),
    [],
    'alerts that do not clear',
  )
  const later = result.incidents.filter(
    ({ incident, secondsToAlert = Infinity }) =>
      secondsToAlert > (secondsBefore(incident) ?? Infinity) + evaluationSeconds,
  )
  assert.deepEqual(later, [], 'alerts later than before')
  const evening = result.incidents.find(({ incident }) => incident.path === '/evenings')
  assert.ok(evening?.alertedAt)
  assert.match(inLocalTime(evening.alertedAt), /^Wednesday.* at 11:/, 'the backup of Tuesday evening')
  const readme = await readFile(join(rulesFolder, 'README.md'), 'utf8')
  const page = withTable(readme, 'year', yearTable(result), 'npm run year')
  assert.equal(
    readme,
    withTable(page, 'year-before', comparisonTable(result), 'npm run year'),
    'the tables in rules/README.md are out of date: npm run year',
  )
})

function inLocalTime(seconds: number): string {
  const { timeZone } = limits
  return new Date(seconds * 1000).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone })
}

test('the year has an incident for every alert, and each incident takes effect', async () => {
  const names = new Set(
    (await readAlerts()).map(({ alert }) => alert).filter((alert) => alert !== 'Watchdog'),
  )
  assert.deepEqual(new Set(incidents.map(({ alert }) => alert)), names)
  const observed = machineYears.flatMap((machineYear) => [...machineYear.observed.keys()])
  assert.deepEqual(new Set(observed), new Set(incidents))
  assert.equal(observed.length, incidents.length)
})

test('the same seed gives the same year, another seed gives another year', () => {
  const runsOf = (years: readonly MachineYear[]) => years.map(({ runs }) => [...runs.values()])
  assert.deepEqual(runsOf(simulateYear(seedOfTheYear)), runsOf(machineYears))
  assert.notDeepEqual(runsOf(simulateYear(seedOfTheYear + 1)), runsOf(machineYears))
})

test('missed incidents, uncleared alerts and false alarms are found', () => {
  const withoutAlerts = resultOf(machineYears, [])
  assert.ok(withoutAlerts.incidents.every(({ secondsToAlert }) => secondsToAlert === undefined))
  const [window] = evaluationWindows(machineYears).filter(
    ({ incident }) => incident?.alert === 'KopiaBackupFailed',
  )
  assert.ok(window?.incident)
  const { alert, machine, path, until } = { path: undefined, ...window.incident }
  const late = resultOf(machineYears, [
    { alert, machine: String(machine), path, time: until + 5 * 86_400, window },
  ])
  assert.deepEqual(
    late.incidents.filter(({ hasCleared }) => !hasCleared).map(({ incident }) => incident),
    [window.incident],
  )
  const unexplained = { alert, machine: 'laptop', path: '/home', time: until, window }
  assert.deepEqual(resultOf(machineYears, [unexplained]).falseAlarms, [unexplained])
  assert.match(yearTable(late), /KopiaBackupFailed \| 4 \| 0 \| – \| – \| 0 \| 1 \|/)
})
