// What every store of a fleet must give back: all samples, and the same answers as the site's own Prometheus.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { fasterRules } from '../faster-rules.ts'
import { figuresAfter } from '../lab.ts'
import { type Series, scrape } from '../prometheus.ts'
import { alertsFile, type RuleFile } from '../rules.ts'
import { waitFor } from '../wait.ts'
import { type Comparison, describe, type NamedRule } from './compare.ts'
import { countOf, missingFrom, readSamples, type Span } from './samples.ts'
import type { Site } from './site.ts'

/** Backs up a source of a site, and waits until the gateway shows this number of attempts. */
export async function backUp({ lab }: Site, path: string, attempts: number): Promise<void> {
  await lab.kopia.run('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, attempts)
}

/** The values of a result by the label `site`. */
export function bySite(series: readonly Series[]): Record<string, number> {
  return Object.fromEntries(series.map(({ labels, value }) => [labels.site ?? '', value]))
}

/** Compares everything that the site's Prometheus scraped and recorded with the store. */
export async function expectWhole(
  { name, prometheus }: Site,
  store: { readonly url: string },
  span: Span,
): Promise<void> {
  const both = () =>
    Promise.all([
      readSamples(prometheus.url, '{__name__=~".+"}', span),
      readSamples(store.url, `{site="${name}"}`, span),
    ])
  const [here, there] = await waitFor(`the store has received the samples of ${name}`, async () => {
    const [own, written] = await both()
    return countOf(written) >= countOf(own) ? ([own, written] as const) : undefined
  })
  assert.ok([...here.keys()].some((key) => key.includes('kopia_backup_status')))
  assert.deepEqual(missingFrom(there, here), [])
  assert.deepEqual(missingFrom(here, there), [])
  // Prometheus 3 counts dropped samples by reason, and has no series while there are none.
  const own = await scrape(prometheus.url)
  const lost = ['dropped', 'failed'].flatMap(
    (way) => own.get(`prometheus_remote_storage_samples_${way}_total`) ?? [],
  )
  assert.ok(lost.length > 0)
  assert.deepEqual(
    lost.filter(({ value }) => value > 0),
    [],
    `lost samples of ${name}`,
  )
}

/** Expects that all comparisons satisfy `isRight`. */
export function expectSame(
  comparisons: readonly Comparison[],
  isRight: (comparison: Comparison) => boolean,
): void {
  assert.ok(comparisons.length > 0)
  const different = comparisons.filter((comparison) => !isRight(comparison))
  assert.equal(different.map(describe).join('\n'), '')
}

/** The expressions of the project's alerts, with their times divided by `speed`. */
export async function alertExpressions(speed: number): Promise<readonly NamedRule[]> {
  const file: RuleFile = parse(fasterRules(await readFile(alertsFile, 'utf8'), speed))
  return file.groups.flatMap((group) =>
    group.rules.map(({ alert, expr }) => ({ name: alert, expression: expr })),
  )
}
