// Two sites that write to a real Thanos as deploy/FLEET.md describes it. One of its three receivers is killed and returns.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { startAlertmanager } from '../support/alertmanager.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { waitForQuery } from '../support/dashboards/scenario.ts'
import { fasterRules } from '../support/faster-rules.ts'
import { areSame, compareDashboards, compareRule } from '../support/fleet/compare.ts'
import { alertExpressions, backUp, bySite, expectSame, expectWhole } from '../support/fleet/expect.ts'
import { yamlBelow } from '../support/fleet/page.ts'
import { openSite, type Site } from '../support/fleet/site.ts'
import { startRuler, startThanos, type Thanos } from '../support/fleet/thanos.ts'
import { temporaryFolder } from '../support/folder.ts'
import { breakAction } from '../support/lab.ts'
import { query } from '../support/prometheus.ts'
import { alertsFile, readAlerts } from '../support/rules.ts'
import type { Service } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { startWebhook, type Webhook } from '../support/webhook.ts'

/** For the expressions of the project's alerts: hours become seconds. */
const speed = 900
/** A quarter of an hour of silence becomes 15 s: samples of a site that is not silent are 5 s late (batch_send_deadline). */
const silenceSpeed = 60
/** How many scrapes an outage of a receiver lasts: several batches to the store, which leave every 5 s. */
const scrapesOfOutage = 25
/** The store has the samples of this moment, unless something holds them up. */
const secondsToSettle = 3

const nowSeconds = () => Math.floor(Date.now() / 1000)

type Fleet = {
  readonly begunAt: number
  readonly thanos: Thanos
  readonly ruler: Service
  readonly webhook: Webhook
  readonly berlin: Site
  readonly paris: Site
  readonly path: string
}

/** Starts two sites with the same user, host, path and instance, each with a good backup. */
async function openFleet(context: TestContext): Promise<Fleet> {
  const begunAt = nowSeconds()
  const thanos = await startThanos(context, 3)
  const webhook = await startWebhook(context)
  const alertmanager = await startAlertmanager(await temporaryFolder(context), webhook.url)
  cleanUpAfter(context, () => alertmanager.stop())
  const ruler = await startRuler(context, thanos, alertmanager, {
    'kopia_alerts.yml': await readFile(alertsFile, 'utf8'),
    'kopia_fleet.yml': fasterRules(await yamlBelow('An alert on a silent site'), silenceSpeed),
  })
  const berlin = await openSite(context, 'berlin', thanos.destination, speed)
  const paris = await openSite(context, 'paris', thanos.destination, speed)
  const path = await berlin.lab.makeSource('photos')
  for (const site of [berlin, paris]) {
    await backUp(site, path, 1)
    await waitForQuery(thanos.query, `kopia_backup_status{site="${site.name}"} == 1`)
    await waitForQuery(thanos.query, `count_over_time(kopia_backup_status{site="${site.name}"}[1h]) > 5`)
  }
  return { begunAt, thanos, ruler, webhook, berlin, paris, path }
}

/** Expects everything until now in the store, and the same answers to the queries of all dashboards and rules. */
async function expectNothingMissing({ thanos, berlin, paris, begunAt }: Fleet): Promise<void> {
  const until = nowSeconds() - secondsToSettle
  const rules = await alertExpressions(speed)
  for (const site of [berlin, paris]) {
    await expectWhole(site, thanos.query, { seconds: until - begunAt, until })
    expectSame(await compareDashboards(site, thanos.query.url, { from: begunAt, to: until }), areSame)
    expectSame(
      await Promise.all(rules.map((rule) => compareRule(site, thanos.query.url, rule, until))),
      areSame,
    )
  }
}

async function scrapes({ prometheus }: Site, from: number): Promise<number> {
  const [series] = await query(
    prometheus.url,
    `count_over_time(up{job="kopia"}[${nowSeconds() - from + 1}s])`,
  )
  return series?.value ?? 0
}

test('two sites, one Thanos, and a receiver that is killed', async (context) => {
  const fleet = await openFleet(context)
  const { thanos, ruler, webhook, berlin, paris, path } = fleet
  const [victim] = thanos.receivers
  assert.ok(victim)

  await context.test('Prometheus 3 sends the tenant of the page', async () => {
    const series = await query(thanos.query.url, 'count by (site, tenant_id) (kopia_backup_status)')
    assert.deepEqual(series.map(({ labels }) => `${labels.site}: ${labels.tenant_id}`).sort(), [
      'berlin: kopia',
      'paris: kopia',
    ])
  })

  await context.test('before: the store has and answers the same as the sites', () =>
    expectNothingMissing(fleet),
  )

  await context.test('a receiver is killed: the store has and answers the same', async () => {
    await victim.kill()
    const killedAt = nowSeconds()
    await breakAction(berlin.lab, path)
    await Promise.all([backUp(berlin, path, 2), backUp(paris, path, 2)])
    for (const site of [berlin, paris]) {
      await waitFor(`${site.name} is scraped ${scrapesOfOutage} times`, async () =>
        (await scrapes(site, killedAt)) >= scrapesOfOutage ? true : undefined,
      )
    }
    await expectNothingMissing(fleet)
    const newest = 'last_over_time(kopia_backup_status[1h])'
    assert.deepEqual(bySite(await query(thanos.query.url, newest)), { berlin: 0, paris: 1 })
  })

  await context.test('the receiver returns: the store has and answers the same', async () => {
    await victim.start()
    await thanos.readsFrom(3)
    await Promise.all([backUp(berlin, path, 3), backUp(paris, path, 3)])
    await expectNothingMissing(fleet)
  })

  await context.test('the ruler evaluates the project’s alerts unchanged', async () => {
    const expected = (await readAlerts()).map(({ alert }) => alert)
    await waitFor('the alerts are evaluated', async () => {
      const states = await rulesOf(ruler)
      assert.deepEqual(states.map(({ name }) => name).sort(), [...expected, 'KopiaSiteSilent'].sort())
      // Groups with longer intervals may have had no turn yet: their expressions are compared above.
      const due = states.filter(({ intervalSeconds }) => intervalSeconds <= 60)
      const others = due.filter(({ health }) => health !== 'ok')
      assert.deepEqual(others, [])
      assert.deepEqual(
        states.filter(({ health }) => health === 'err'),
        [],
      )
      return true
    })
    const failed = (await rulesOf(ruler)).find(({ name }) => name === 'KopiaBackupFailed')
    assert.equal(failed?.state, 'pending')
    assert.deepEqual(
      failed.alerts.map(({ labels }) => [labels.site, labels.path]),
      [['berlin', path]],
    )
  })

  await context.test('a site stops: the ruler reports its silence, and only this', async () => {
    const reported = () =>
      webhook.notifications.filter(({ labels }) => labels.alertname === 'KopiaSiteSilent')
    assert.deepEqual(reported(), [])
    await paris.prometheus.stop()
    const { labels, annotations } = await webhook.awaitAlert('firing', { alertname: 'KopiaSiteSilent' }, 0)
    assert.deepEqual(labels, { alertname: 'KopiaSiteSilent', severity: 'critical', site: 'paris' })
    assert.equal(annotations.summary, 'No metrics from paris')
    assert.equal(reported().length, 1)
  })
})

type RuleState = {
  readonly name: string
  readonly state: string
  readonly health: string
  readonly lastError?: string
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[]
}
type RuleGroup = { readonly interval: number; readonly rules: readonly RuleState[] }

async function rulesOf({ url }: Service): Promise<readonly (RuleState & { intervalSeconds: number })[]> {
  const response = await fetch(`${url}/api/v1/rules`)
  const { data }: { data: { groups: RuleGroup[] } } = JSON.parse(await response.text())
  return data.groups.flatMap(({ interval, rules }) =>
    rules.map((rule) => ({ ...rule, intervalSeconds: interval })),
  )
}
