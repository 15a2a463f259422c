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

// Nobody acknowledges the series that both would store, so Prometheus repeats the whole request.
test('two of three receivers fail: writes wait in the site', { concurrency: 2 }, async (context) => {
  await Promise.all(
    [2, 3].map((replication) =>
      context.test(`replication ${replication}`, (inner) => expectWritesWait(inner, replication)),
    ),
  )
})

async function expectWritesWait(context: TestContext, replication: number): Promise<void> {
  const thanos = await startThanos(context, replication)
  const site = await openSite(context, 'berlin', thanos.destination, speed)
  const path = await site.lab.makeSource('photos')
  const begunAt = nowSeconds()
  await backUp(site, path, 1)
  const [first, second] = thanos.receivers
  assert.ok(first && second)
  await Promise.all([first.kill(), second.kill()])
  await waitFor('Prometheus repeats its writes', async () => {
    const [retried] = await query(site.prometheus.url, 'prometheus_remote_storage_samples_retried_total > 0')
    return retried
  })
  await first.start()
  await thanos.readsFrom(2)
  const until = nowSeconds()
  const span = { seconds: until - begunAt, until }
  await waitFor('the store has all samples', async () =>
    (await lostSamples({ thanos, site, span })) === 0 ? true : undefined,
  )
}
