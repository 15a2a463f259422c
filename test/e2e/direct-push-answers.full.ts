// An agent that pushes into VictoriaMetrics: alerts and dashboards answer as they do behind a gateway.

import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { instant, type Labels } from '../support/dashboards/prometheus-queries.ts'
import { holdBackup, waitForQuery } from '../support/dashboards/scenario.ts'
import { endings } from '../support/endings.ts'
import { areSame, type Comparison, describe, haveSameSeries } from '../support/fleet/compare.ts'
import {
  type DirectPush,
  type Moment,
  openDirectPush,
  panelsAt,
  rulesAt,
  settled,
  speed,
} from '../support/fleet/direct-push.ts'
import { alertExpressions } from '../support/fleet/expect.ts'
import { keyOf } from '../support/fleet/samples.ts'
import { breakAction, figuresAfter, figuresOf, type SourceFigures } from '../support/lab.ts'
import { query } from '../support/prometheus.ts'
import type { Service } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

/** MetricsQL computes these from other samples than PromQL (deploy/FLEET.md, "The dashboards"). Both must have the same series. */
const computedDifferently = /\b(rate|increase|deriv)\(/
/** Prometheus and vmalert evaluate the rules at different times, so alerts are compared when they have settled. */
const aboutAlerts = /\bALERTS/

const interrupted = endings.find(({ name }) => name === 'SIGTERM') ?? assert.fail('there is no such ending')

test('an agent that pushes into VictoriaMetrics', async (context) => {
  const direct = await openDirectPush(context)
  const { lab } = direct
  const { kopia, gateway } = lab
  const [photos, music] = [await lab.makeSource('photos'), await lab.makeSource('music')]
  const agent = await direct.startAgent()
  // Two, since Prometheus does not see the increase to the first; and each is scraped, as the store has each.
  for (const count of [1, 2]) {
    await kopia.must('snapshot', 'create', music)
    await figuresAfter(gateway, music, count)
    await waitForQuery(direct.prometheus, `kopia_backup_attempts_total{status="success"} == ${count}`)
  }

  await waitForLongHistory(direct)

  let release = async () => {}
  await context.test('a backup begins', async () => {
    release = await holdBackup(context, lab, photos)
    await figuresWhere(direct, photos, ({ runningSince }) => runningSince !== undefined)
    await expectSameAnswers(direct, await settled(direct))
  })

  await context.test('it succeeds', async () => {
    await release()
    await figuresAfter(gateway, photos, 1)
    await expectSameDespite(direct, `kopia_backup_running_since_timestamp_seconds{path="${photos}"}`)
  })

  await context.test('the next one fails', async () => {
    await breakAction(lab, photos)
    await kopia.run('snapshot', 'create', photos)
    await figuresAfter(gateway, photos, 2)
    await expectSameDespite(direct, durationOf(photos, 'success'))
    await expectSameAlerts(direct, ['KopiaBackupFailed', 'Watchdog'])
  })

  await context.test('the next one is incomplete', async () => {
    await kopia.must('policy', 'set', photos, '--before-snapshot-root-action=')
    await interrupted.prepare(lab, photos)
    await interrupted.backUp({ lab, agent, path: photos, flags: [] })
    await figuresAfter(gateway, photos, 3)
    await expectSameDespite(direct, durationOf(photos, 'failed'))
  })

  await context.test('the next one is good again', async () => {
    await rm(join(photos, 'long'))
    await kopia.must('snapshot', 'create', photos)
    await figuresAfter(gateway, photos, 4)
    await expectSameDespite(direct, durationOf(photos, 'incomplete'))
    await expectSameAlerts(direct, ['Watchdog'])
  })

  await context.test('an hour after the agent has died, the store still tells of its silence', async () => {
    const rules = await alertExpressions(speed)
    const silence = rules.find(({ name }) => name === 'KopiaAgentSilent')?.expression ?? ''
    const silentAt = async (seconds: number) =>
      (await query(direct.store.url, silence, seconds)).map(({ labels }) => labels)
    await agent.stop('SIGKILL')
    assert.deepEqual(await silentAt(Date.now() / 1000), [])
    assert.deepEqual(await silentAt(Date.now() / 1000 + 3600), [{ instance: 'vm', job: 'kopia' }])
  })
})

/**
 * Predictions of the free space need samples of more than half of the time range (dashboards/src/queries/repository.ts). Near that limit, one
 * side can have enough of them and the other not yet.
 */
async function waitForLongHistory({ prometheus, begunAt }: DirectPush): Promise<void> {
  await waitFor('the samples cover clearly more than half of the time', async () => {
    const seconds = Math.floor(Date.now() / 1000) - begunAt
    const times = `timestamp(kopia_repository_available_bytes)[${seconds}s:1s]`
    const [covered] = await query(prometheus.url, `max_over_time(${times}) - min_over_time(${times})`)
    return (covered?.value ?? 0) > 0.6 * seconds || undefined
  })
}

const durationOf = (path: string, status: string) =>
  `kopia_backup_duration_seconds{path="${path}", status="${status}"}`

/** Waits until the figures of a source on the gateway are such. */
async function figuresWhere(
  { lab }: DirectPush,
  path: string,
  isSo: (figures: SourceFigures) => boolean,
): Promise<void> {
  await waitFor(`the figures of ${path} are as expected`, async () => {
    const figures = await figuresOf(lab.gateway, path)
    return isSo(figures) || undefined
  })
}

/**
 * Expects that a series which was there has ended on both sides, and the same answers. That the store would go on showing it is
 * shown by direct-push-ended.full.ts.
 */
async function expectSameDespite(direct: DirectPush, ended: string): Promise<void> {
  const moment = await settled(direct)
  for (const side of [moment.gateway, moment.store]) assert.deepEqual(await instant(side, ended), [])
  for (const side of [moment.gateway, moment.store]) {
    assert.equal((await instant(side, `last_over_time(${ended}[5m])`)).length, 1)
  }
  await expectSameAnswers(direct, moment)
}

/** Waits until these alerts fire on both sides: Prometheus and vmalert evaluate the rules at different times. */
async function expectSameAlerts(direct: DirectPush, names: readonly string[]): Promise<void> {
  const firing = async ({ url }: Service): Promise<readonly Labels[]> =>
    (await query(url, 'ALERTS{alertstate="firing"}')).map(({ labels }) => labels)
  const alerts = await waitFor(`${names} fire on both sides`, async () => {
    const [one, other] = await Promise.all([firing(direct.prometheus), firing(direct.store)])
    const isExpected = [one, other].every(
      (all) => JSON.stringify(all.map(({ alertname }) => alertname).sort()) === JSON.stringify(names),
    )
    return isExpected ? [one, other] : undefined
  })
  assert.deepEqual(new Set(alerts[0]?.map(keyOf)), new Set(alerts[1]?.map(keyOf)))
}

/**
 * Expects the same answers about this moment. The store finds a new series in its index only seconds later, so it is asked again
 * about the same time: what lingers there does not go away by that.
 */
async function expectSameAnswers({ tee }: DirectPush, moment: Moment): Promise<void> {
  let different: readonly Comparison[] = []
  await waitFor('the store answers as Prometheus does', async () => {
    const comparisons = [...(await rulesAt(moment)), ...(await panelsAt(moment))]
    different = comparisons.filter(
      (comparison) => !aboutAlerts.test(comparison.expression) && !answersSame(comparison),
    )
    return different.length === 0 || undefined
  }).catch(() => undefined)
  assert.equal(different.map(describe).join('\n'), '')
  assert.deepEqual(tee.refusals, [])
}

/** Expressions that the store computes differently must have the same series, all others the same figures. */
function answersSame(comparison: Comparison): boolean {
  return computedDifferently.test(comparison.expression) ? haveSameSeries(comparison) : areSame(comparison)
}
