// What a replication of 2 loses that one of 3 does not: two receivers of a real Thanos fail one after the other.

import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { backUp } from '../support/fleet/expect.ts'
import { countOf, missingFrom, readSamples, type Span } from '../support/fleet/samples.ts'
import { openSite, type Site } from '../support/fleet/site.ts'
import { type Receiver, startThanos, type Thanos } from '../support/fleet/thanos.ts'
import { query } from '../support/prometheus.ts'
import { waitFor } from '../support/wait.ts'

const speed = 900
const nowSeconds = () => Math.floor(Date.now() / 1000)

type Outage = {
  readonly thanos: Thanos
  readonly site: Site
  readonly span: Span
  readonly others: readonly Receiver[]
}

/** Writes to a Thanos while its first receiver is down, and starts that receiver again. */
async function outageOfFirst(context: TestContext, replication: number): Promise<Outage> {
  const thanos = await startThanos(context, replication)
  const [first, ...others] = thanos.receivers
  assert.ok(first)
  const site = await openSite(context, 'berlin', thanos.destination, speed)
  const path = await site.lab.makeSource('photos')
  await backUp(site, path, 1)
  await first.kill()
  const begunAt = nowSeconds() + 1
  await backUp(site, path, 2)
  await waitFor('the site is scraped during the outage', async () => {
    const [series] = await query(
      site.prometheus.url,
      `count_over_time(up{job="kopia"}[${nowSeconds() - begunAt + 1}s])`,
    )
    return (series?.value ?? 0) >= 12 || undefined
  })
  const until = nowSeconds()
  const span = { seconds: until - begunAt, until }
  await waitFor('the store has the samples of the outage', async () =>
    (await lostSamples({ thanos, site, span })) === 0 ? true : undefined,
  )
  await first.start()
  await thanos.readsFrom(3)
  return { thanos, site, span, others }
}

/** How many of the site's samples the store does not show. */
async function lostSamples({ thanos, site, span }: Omit<Outage, 'others'>): Promise<number> {
  const own = await readSamples(site.prometheus.url, '{__name__=~".+"}', span)
  assert.ok(countOf(own) > 0)
  return missingFrom(await readSamples(thanos.query.url, '{site="berlin"}', span), own).length
}

async function samplesOfSite({ site, span }: Outage): Promise<number> {
  return countOf(await readSamples(site.prometheus.url, '{__name__=~".+"}', span))
}

/** Kills each of the other receivers in turn, and returns how many samples of the outage are missing meanwhile. */
async function lostWithout(outage: Outage): Promise<readonly number[]> {
  const lost: number[] = []
  for (const receiver of outage.others) {
    await receiver.kill()
    await outage.thanos.readsFrom(2)
    lost.push(await lostSamples(outage))
    await receiver.start()
    await outage.thanos.readsFrom(3)
  }
  return lost
}

test('replication 3: receivers that fail in turn lose nothing', async (context) => {
  const outage = await outageOfFirst(context, 3)
  assert.deepEqual(await lostWithout(outage), [0, 0])

  await context.test('the disk of a second receiver fails: nothing is lost', async () => {
    await loseDisk(outage)
    assert.equal(await lostSamples(outage), 0)
  })
})

test('replication 2: receivers that fail in turn hide what the first one missed, and a lost disk loses it', async (context) => {
  const outage = await outageOfFirst(context, 2)
  const all = await samplesOfSite(outage)
  const hidden = await lostWithout(outage)
  context.diagnostic(`replication 2: of ${all} samples of the outage, ${hidden.join(' and ')} are hidden`)
  assert.ok(hidden.every((count) => count > 0 && count < all))
  assert.equal(await lostSamples(outage), 0, 'after the receivers have returned')

  await context.test('the disk of a second receiver fails: samples are lost', async () => {
    await loseDisk(outage)
    const lost = await lostSamples(outage)
    context.diagnostic(`replication 2: of ${all} samples of the outage, ${lost} are lost with the disk`)
    assert.ok(lost > 0)
  })
})

/** A receiver that was up during the outage returns with an empty disk. */
async function loseDisk({ thanos, others: [second] }: Outage): Promise<void> {
  assert.ok(second)
  await second.kill()
  await rm(second.folder, { recursive: true })
  await second.start()
  await thanos.readsFrom(3)
}

test('two of three receivers fail: writes wait in the site', { concurrency: 2 }, async (context) => {
  await Promise.all(
    [2, 3].map((replication) =>
      context.test(`replication ${replication}`, (inner) => expectWritesWait(inner, replication)),
    ),
  )
})

// A receiver hangs and then fails together with another one.
async function expectWritesWait(context: TestContext, replication: number): Promise<void> {
  const thanos = await startThanos(context, replication)
  const site = await openSite(context, 'berlin', thanos.destination, speed)
  await backUp(site, await site.lab.makeSource('photos'), 1)
  // The site's connection ends at the first receiver.
  const [, second, third] = thanos.receivers
  assert.ok(second && third)
  const hanging = await spanUntil(site, () => second.freeze(), acknowledgedSince)
  const failed = await spanUntil(site, () => Promise.all([second.kill(), third.kill()]), repeatedSince)
  await second.start()
  await thanos.readsFrom(2)
  // Nobody acknowledged the series that both would store, so Prometheus repeats the whole request.
  await waitFor('the store has all samples of the failure', async () =>
    (await lostSamples({ thanos, site, span: failed })) === 0 ? true : undefined,
  )
  const lost = await lostSamples({ thanos, site, span: hanging })
  if (replication === 3) return assert.equal(lost, 0)
  context.diagnostic(`replication 2: ${lost} samples are only on the receiver that is down`)
  assert.ok(lost > 0)
  await third.start()
  await thanos.readsFrom(3)
  assert.equal(await lostSamples({ thanos, site, span: hanging }), 0)
}

/** Does something to receivers, and returns the whole seconds from then until `isEnough`. */
async function spanUntil(
  site: Site,
  act: () => unknown,
  isEnough: (site: Site, seconds: number) => Promise<true | undefined>,
): Promise<Span> {
  await act()
  const begunAt = nowSeconds() + 1
  await waitFor('enough is written', () => isEnough(site, begunAt + 2))
  const until = nowSeconds()
  return { seconds: until - begunAt, until }
}

/** Whether the store has acknowledged samples of this time. */
async function acknowledgedSince({ prometheus }: Site, seconds: number): Promise<true | undefined> {
  const [sent] = await query(
    prometheus.url,
    `prometheus_remote_storage_queue_highest_sent_timestamp_seconds >= ${seconds}`,
  )
  return sent && true
}

/** Whether there are samples of this time, and Prometheus repeats its writes. */
async function repeatedSince({ prometheus }: Site, seconds: number): Promise<true | undefined> {
  const [retried] = await query(
    prometheus.url,
    `prometheus_remote_storage_samples_retried_total > 0 and on () prometheus_remote_storage_highest_timestamp_in_seconds >= ${seconds}`,
  )
  return retried && true
}
