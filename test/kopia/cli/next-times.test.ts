// The next times that the agent works out from policies against those of a real Kopia server, for every form of a schedule.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { effectivePolicyFor, type Policy, parsePolicies } from '../../../agent/kopia/cli/policies.ts'
import { nextTimeOf } from '../../../agent/kopia/cli/schedule.ts'
import type { Source } from '../../../agent/kopia/source.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { createKopiaLab, type KopiaLab, kopiaWith } from '../../support/kopia.ts'
import { makeManifests } from '../../support/past/manifests.ts'
import { startServer } from '../../support/setups/server.ts'
import { waitFor } from '../../support/wait.ts'

/** `H` is an hour that is far from now, so that none of these times passes during the test. `Y` is the next year. */
const cronLines = [
  '0 H * * *',
  '5,50 H * * * # both',
  '*/15 H * * *',
  '0/15 H * * *',
  '5/20 H * * *',
  '10-40/10 H * * *',
  '0 H * * 1-5',
  '0 H * * MON-FRI',
  '0 H * * mon,Wed,FRI',
  '0 H * * saturday',
  '0 H * * 7',
  '0 H * * 1-5/2',
  '0 H * * 1/2',
  '0 H * * */2',
  // A range up to Sunday ends on Saturday.
  '0 H * * 5-7',
  '0 H * * sat-sun',
  '0 H * * 6-0',
  '0 H * * 1-7',
  // Kopia takes a number of two digits for Sunday.
  '0 H * * 05',
  // The comment begins within the field: each Monday.
  '0 H * * 1#2',
  '0 H * * 5L',
  '0 H * * friL',
  '0 H L * *',
  '0 H LW * *',
  '0 H 15W * *',
  '0 H 1,15W,L * *',
  '0 H 10/5 * *',
  '0 H */10 * *',
  '0 H 29 2 *',
  // Either of the two days.
  '0 H 13 * 5',
  '0 H */2 * 1',
  '0 H 1-31 * 1',
  '0 H *,5 * 1',
  '0 H ? * 1',
  '0 H 1 * ?',
  '0 H 1 january *',
  '0 H 1 Mar,sep *',
  '0 H * june-august *',
  '0 H * 1/3 *',
  '0 H * * * Y',
  '0 H 1 1 * Y-2090',
  '30 15 H * * * *',
  '0 15 H * * 1 Y more fields',
  '@weekly',
  '@monthly',
  '@yearly',
  // Never.
  '0 H 30 2 *',
  '0 H * * fri-mon',
  '0 18-6 * * *',
  '0 H * * * 2020',
  // The hour that the next change to summer time skips: Kopia leaves out that day.
  '30 2 SKIPPED *',
] as const

const dayMs = 86_400_000

/** Kopia's own fields of a policy. */
type Definition = { readonly noParent?: boolean; readonly scheduling?: Readonly<Record<string, unknown>> }

/** Policies on folders and what is below them, as `path: fields`. */
function mergedDefinitions(hour: number): Readonly<Record<string, Definition>> {
  const at = (min: number) => [{ hour, min }]
  return {
    '/data': { scheduling: { timeOfDay: at(30), cron: [`45 ${hour} * * *`] } },
    '/data/inherits': { scheduling: { runMissed: false } },
    '/data/earlier': { scheduling: { timeOfDay: at(10) } },
    '/data/own cron': { scheduling: { cron: [`20 ${hour} 1 * *`] } },
    '/data/own times': { scheduling: { timeOfDay: at(50), noParentTimeOfDay: true, cron: ['0 0 1 1 *'] } },
    '/data/no parent': { noParent: true, scheduling: { timeOfDay: at(59), runMissed: false } },
    '/data/by hand': { scheduling: { manual: true } },
    '/data/by hand/below': { scheduling: { timeOfDay: at(5) } },
    '/several times': { scheduling: { timeOfDay: [...at(40), ...at(25)] } },
    '/nothing': { scheduling: { runMissed: false } },
  }
}

/** The month and day of the next night on which the clocks are set forward, as cron fields. */
function nextSkippedNight(zone: string): string {
  for (let days = 2; days < 400; days += 1) {
    if (offsetAfter(zone, days) > offsetAfter(zone, days - 1)) {
      const date = new Date(noonAfter(days))
      return `${date.getUTCDate()} ${date.getUTCMonth() + 1}`
    }
  }
  throw new Error(`expected a change to summer time in ${zone} within 400 days`)
}

/** In Unix milliseconds; everywhere in the time zones below it is the same date as in UTC. */
function noonAfter(days: number): number {
  const today = Math.floor(Date.now() / dayMs) * dayMs
  return today + (days + 0.5) * dayMs
}

/** How many hours the time zone is before UTC in so many days. */
function offsetAfter(zone: string, days: number): number {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(noonAfter(days)).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0'] = /([+-])(\d+)/.exec(name) ?? []
  return Number(`${sign}${hours}`)
}

/**
 * Two time zones with summer time that do not change their clocks right now: on the day before, Kopia adds 24 hours to a time
 * of day, so it is an hour off (getNextTimeOfDaySnapshot in scheduling_policy.go).
 */
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Sydney']
  .filter((zone) => offsetAfter(zone, -1) === offsetAfter(zone, 2))
  .slice(0, 2)

/** The hour that clocks of the zone show in twelve hours. */
function farHour(zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit' })
  return Number(format.format(Date.now() + 12 * 3_600_000))
}

function definitionsFor(zone: string): Readonly<Record<string, Definition>> {
  const hour = farHour(zone)
  const year = new Date().getUTCFullYear() + 1
  const lines = cronLines.map((line) => {
    const cron = line
      .replace('H', `${hour}`)
      .replace('Y', `${year}`)
      .replace('SKIPPED', nextSkippedNight(zone))
    return [`/cron/${line.replaceAll('/', ' by ')}`, { scheduling: { cron: [cron] } }]
  })
  return { ...Object.fromEntries(lines), ...mergedDefinitions(hour) }
}

/** The next time of each path by a Kopia server in that time zone; undefined where it has none. */
async function askServer(context: TestContext, kopia: KopiaLab, zone: string, paths: readonly string[]) {
  const server = await startServer(context, kopiaWith({ ...kopia.environment, TZ: zone }))
  type Answer = { sources: { source: { path: string }; nextSnapshotTime?: string }[] }
  const { sources }: Answer = await waitFor('the server knows all sources', async () => {
    const answer: Answer = JSON.parse(await (await fetch(`${server.url}/api/v1/sources`)).text())
    return answer.sources.length >= paths.length ? answer : undefined
  })
  return new Map(
    sources.map(({ source, nextSnapshotTime }) => [
      source.path,
      nextSnapshotTime === undefined ? undefined : Date.parse(nextSnapshotTime) / 1000,
    ]),
  )
}

function agentsNext(policies: readonly Policy[], source: Source, after: number, zone: string) {
  const { schedule } = effectivePolicyFor(policies, source)
  return schedule && nextTimeOf(schedule, after, zone)
}

async function connect(context: TestContext) {
  const folder = await temporaryFolder(context)
  const kopia = await createKopiaLab(join(folder, 'kopia'), join(folder, 'state'))
  const { clientOptions } = JSON.parse((await kopia.must('repository', 'status', '--json')).output)
  const identity = { user: `${clientOptions.username}`, host: `${clientOptions.hostname}` }
  return { folder, kopia, identity }
}

for (const zone of zones) {
  test(`crontabs, times of day and merged policies in ${zone}: the same next time as a Kopia server`, async (context) => {
    const { folder, kopia, identity } = await connect(context)
    const definitions = definitionsFor(zone)
    const paths = Object.keys(definitions)
    const named = paths.map((path) => [`${identity.user}@${identity.host}:${path}`, definitions[path]])
    const file = join(folder, 'policies.json')
    // A server runs at once what it thinks was missed.
    const all = { '(global)': { scheduling: { runMissed: false } }, ...Object.fromEntries(named) }
    await writeFile(file, JSON.stringify(all))
    await kopia.must('policy', 'import', `--from-file=${file}`)
    const policies = parsePolicies(JSON.parse((await kopia.must('policy', 'list', '--json')).output))
    const kopias = await askServer(context, kopia, zone, paths)
    const now = Date.now() / 1000
    const timeWords = (at: number | undefined) =>
      at === undefined ? 'never' : new Date(at * 1000).toISOString()
    assert.deepEqual(
      paths.map((path) => [path, timeWords(agentsNext(policies, { ...identity, path }, now, zone))]),
      paths.map((path) => [path, timeWords(kopias.get(path))]),
    )
  })
}

test('an interval: Kopia rounds down to whole intervals, the agent does not', async (context) => {
  const { folder, kopia, identity } = await connect(context)
  const path = join(folder, 'photos')
  await mkdir(path)
  const intervalSeconds = 7 * 3600
  await kopia.must('policy', 'set', path, `--snapshot-interval=${intervalSeconds}s`, '--run-missed=false')
  const startedAt = Math.floor(Date.now() / 1000)
  await makeManifests(kopia, [{ path, startedAt, endedAt: startedAt }])
  const policies = parsePolicies(JSON.parse((await kopia.must('policy', 'list', '--json')).output))
  const agents = agentsNext(policies, { ...identity, path }, startedAt, 'UTC')
  assert.equal(agents, startedAt + intervalSeconds)
  const kopias = (await askServer(context, kopia, 'UTC', [path])).get(path)
  assert.ok(kopias !== undefined && kopias > startedAt && kopias <= agents)
})
