// Two sites that write to one real store as deploy/FLEET.md describes it, while one of them is cut off for a time.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { waitForQuery } from '../support/dashboards/scenario.ts'
import {
  areSame,
  type Comparison,
  compareDashboards,
  compareRule,
  haveSameSeries,
} from '../support/fleet/compare.ts'
import { alertExpressions, backUp, bySite, expectSame, expectWhole } from '../support/fleet/expect.ts'
import { siteSilence } from '../support/fleet/page.ts'
import { openSite, type Site } from '../support/fleet/site.ts'
import { startVictoriaMetrics } from '../support/fleet/store.ts'
import { temporaryFolder } from '../support/folder.ts'
import { breakAction } from '../support/lab.ts'
import { query } from '../support/prometheus.ts'
import type { Service } from '../support/stack.ts'

/** Hours become seconds. A quarter of an hour of silence becomes 10 s, the shortest range that fasterRules makes. */
const speed = 900
/** VictoriaMetrics does not extrapolate these functions, and reads samples before their range (documentation of MetricsQL). */
const computedDifferently = /\b(rate|increase)\(/

const nowSeconds = () => Math.floor(Date.now() / 1000)

type Fleet = { readonly store: Service; readonly berlin: Site; readonly paris: Site; readonly path: string }

/** Starts two sites with the same user, host, path and instance, each with a good backup. */
async function openFleet(context: TestContext): Promise<Fleet> {
  const store = await startVictoriaMetrics(await temporaryFolder(context))
  cleanUpAfter(context, () => store.stop())
  const berlin = await openSite(context, 'berlin', store, speed)
  const paris = await openSite(context, 'paris', store, speed)
  const path = await berlin.lab.makeSource('photos')
  for (const site of [berlin, paris]) {
    await backUp(site, path, 1)
    await waitForQuery(store, `kopia_backup_status{site="${site.name}"} == 1`)
    // For a single point, MetricsQL's deriv() returns 0 and Prometheus's nothing.
    await waitForQuery(site.prometheus, 'deriv(kopia_backup_size_bytes[1h])')
    await waitForQuery(site.prometheus, 'deriv(kopia_repository_size_bytes[1h])')
  }
  return { store, berlin, paris, path }
}

test('two sites, one store, and a connection that is cut', async (context) => {
  const begunAt = nowSeconds()
  const fleet = await openFleet(context)
  const { store, berlin, paris, path } = fleet
  const silence = await siteSilence(speed)
  const newest = 'last_over_time(kopia_backup_status[1h])'

  await context.test('a site that is cut off still alerts, and the store reports its silence', async () => {
    assert.deepEqual(await query(store.url, silence), [])
    berlin.line.behave('cut')
    berlin.line.drop()
    await breakAction(berlin.lab, path)
    await Promise.all([backUp(berlin, path, 2), backUp(paris, path, 2)])
    await waitForQuery(berlin.prometheus, 'ALERTS{alertname="KopiaBackupFailed", alertstate="firing"}')
    await waitForQuery(store, silence)
    assert.deepEqual(bySite(await query(store.url, silence)), { berlin: 1 })
    assert.deepEqual(bySite(await query(store.url, newest)), { berlin: 1, paris: 1 })
  })

  berlin.line.behave('pass')
  const until = nowSeconds()

  await context.test(
    'after the cut the store has every sample of both sites, with different site labels',
    async () => {
      for (const site of [berlin, paris]) await expectWhole(site, store, { seconds: until - begunAt, until })
      assert.deepEqual(bySite(await query(store.url, newest)), { berlin: 0, paris: 1 })
      const attempts = (outcome: string) =>
        `last_over_time(kopia_backup_attempts_total{status="${outcome}"}[1h])`
      assert.deepEqual(bySite(await query(store.url, attempts('success'))), { berlin: 1, paris: 2 })
      assert.deepEqual(bySite(await query(store.url, attempts('failed'))), { berlin: 1, paris: 0 })
    },
  )

  for (const site of [berlin, paris]) {
    await context.test(`the dashboards of ${site.name} show the same figures from the store`, async () => {
      expectSame(await compareDashboards(site, store.url, { from: begunAt, to: until }), isRight)
    })

    await context.test(`the rules find the same in ${site.name} and in the store`, async () => {
      const comparisons = await Promise.all(
        (await alertExpressions(speed)).map((rule) => compareRule(site, store.url, rule, until)),
      )
      expectSame(comparisons, isRight)
      const failed = comparisons.find(({ name }) => name === 'KopiaBackupFailed')
      assert.equal(failed?.fromStore.length, site === berlin ? 1 : 0)
    })
  }
})

/** Expressions that the store computes differently must have the same series, all others the same figures. */
const isRight = (comparison: Comparison): boolean =>
  computedDifferently.test(comparison.expression) ? haveSameSeries(comparison) : areSame(comparison)
