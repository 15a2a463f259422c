// Direct push into a real VictoriaMetrics: push, run, check and forget, without a gateway.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { push } from '../../agent/push/pushgateway.ts'
import { toPushTarget } from '../../agent/settings/push-target.ts'
import { type CommandResult, runAgentCommandWith } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { freePort } from '../support/processes.ts'
import { query, type Series } from '../support/prometheus.ts'
import { type Service, startService } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const importPath = '/api/v1/import/prometheus'
const lookBack = '-search.minStalenessInterval=15m'

/** Starts the single-node version with flags of docs/direct-push.md. */
async function startStore(context: TestContext, folder: string, ...flags: string[]): Promise<Service> {
  const store = await startService('victoria-metrics', await freePort(), '/health', (address) => [
    tool('victoria-metrics'),
    `-storageDataPath=${join(folder, 'victoria-metrics')}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=100d',
    ...flags,
  ])
  cleanUpAfter(context, () => store.stop())
  return store
}

/** The series of the last hour: a store shows a push after a moment, and an instant query leaves out the newest half minute. */
async function seriesIn(store: Service, selector: string): Promise<readonly Series[]> {
  const all = await query(`${store.url}`, `last_over_time(${selector}[1h])`, Date.now() / 1000 + 60)
  return all.filter(({ labels }) => labels.job !== 'victoria-metrics')
}

function waitForSeries(store: Service, selector: string): Promise<readonly Series[]> {
  return waitFor(`the store shows ${selector}`, async () => {
    const found = await seriesIn(store, selector)
    return found.length > 0 ? found : undefined
  })
}

async function commandOn(
  lab: Lab,
  store: Service,
  more: NodeJS.ProcessEnv,
  ...parameters: readonly string[]
): Promise<CommandResult> {
  const environment = { KOPIA_METRICS_PUSHGATEWAY_URL: `${store.url}${importPath}`, ...more }
  return runAgentCommandWith(lab, environment, ...parameters)
}

/** The lines of `check` about the gateway, with their advice. */
function gatewayLines({ output }: CommandResult): readonly string[] {
  const lines = output.matchAll(/^[✓!✗] (\w+) +gateway {2,}(.*(?:\n {20}.*)*)/gm)
  return [...lines].map(([, result = '', text = '']) => `${result}: ${text.replace(/\s+/g, ' ')}`)
}

test('a push arrives with its labels, check sees it, and forget deletes it with its history and nothing else', async (context) => {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('Fotos, Köln'))
  const store = await startStore(context, lab.folder, lookBack)
  const own = { KOPIA_METRICS_INSTANCE: 'a/b', KOPIA_METRICS_GROUPING: 'city=Köln é' }
  const sibling = { ...own, KOPIA_METRICS_GROUPING: 'city=Köln é,site=berlin' }
  const on = (more: NodeJS.ProcessEnv, ...parameters: readonly string[]) =>
    commandOn(lab, store, more, ...parameters)
  const nothing = gatewayLines(await on(own, 'check'))
  assert.match(nothing.join('\n'), /^warning: \S+ holds no series \{.*\} → start the agent, or push once$/)
  for (const group of [own, sibling]) assert.equal((await on(group, 'push')).exitCode, 0)
  const foreign = `${store.url}${importPath}/metrics/job/kopia/instance@base64/YS9i/city@base64/S8O2bG4gw6k`
  await fetch(foreign, { method: 'POST', body: 'other_kopia_x 1\n' })
  const [status] = await waitForSeries(store, 'kopia_backup_status{site=""}')
  const { user, host, path, ...labels } = status?.labels ?? {}
  assert.deepEqual(labels, { __name__: 'kopia_backup_status', job: 'kopia', instance: 'a/b', city: 'Köln é' })
  assert.match(path ?? '', /Fotos, Köln$/)
  assert.equal(status?.value, 1)
  await waitForSeries(store, 'other_kopia_x')
  await waitForSeries(store, 'kopia_backup_status{site="berlin"}')
  const before = (await seriesIn(store, '{__name__=~"kopia_.+",site="berlin"}')).length

  const found = gatewayLines(await on(own, 'check', `--prometheus-url=${store.url}`))
  assert.deepEqual(found.length, 1, found.join('\n'))
  assert.match(
    found[0] ?? '',
    /^ok: \{job="kopia", instance="a\/b", .*\}: \d{2,} series of 1 source, last pushed \d+ s ago$/,
  )

  const deleted = await on(own, 'forget')
  assert.equal(deleted.exitCode, 0, deleted.output)
  assert.match(
    deleted.output,
    /^Deleted \{job="kopia", instance="a\/b", city="Köln é"\} from http:\S+: \d{2,} series of 1 source, with all their history\.\n$/,
  )
  assert.deepEqual(await seriesIn(store, '{__name__=~"kopia_.+",site=""}'), [])
  assert.equal((await seriesIn(store, '{__name__=~"kopia_.+",site="berlin"}')).length, before)
  assert.equal((await seriesIn(store, 'other_kopia_x')).length, 1)
  const again = await on(own, 'forget')
  assert.equal(again.exitCode, 0, again.output)
  assert.match(again.output, /^Nothing to delete: .*these labels and more \(site\).*by --grouping\.\n$/)

  assert.equal((await on(own, 'push')).exitCode, 0)
  await waitForSeries(store, 'kopia_backup_status{site=""}')
})

test('a store that asks for a login gets it, and nothing is said to be deleted without it', async (context) => {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('mail'))
  const store = await startStore(context, lab.folder, '-httpAuth.username=agent', '-httpAuth.password=right')
  const login = (password: string) => ({
    KOPIA_METRICS_INSTANCE: 'vm',
    KOPIA_METRICS_PUSHGATEWAY_USERNAME: 'agent',
    KOPIA_METRICS_PUSHGATEWAY_PASSWORD: password,
  })
  const wrong = await commandOn(lab, store, login('wrong'), 'push')
  assert.deepEqual(
    [wrong.exitCode, /401.*correct pushgateway_username/.test(wrong.output)],
    [1, true],
    wrong.output,
  )
  assert.equal((await commandOn(lab, store, login('right'), 'push')).exitCode, 0)
  const [found, lookBackFound] = await waitFor('check sees the push', async () => {
    const lines = gatewayLines(await commandOn(lab, store, login('right'), 'check'))
    return lines[0]?.startsWith('ok') ? lines : undefined
  })
  assert.match(found ?? '', /^ok: .* series of 1 source, last pushed \d+ s ago$/)
  // The store looks back for 5 minutes only, its default.
  assert.match(
    lookBackFound ?? '',
    /^warning: the store no longer shows a series 10 min after .* -search\.minStalenessInterval=15m$/,
  )
  const kept = await commandOn(lab, store, login('wrong'), 'forget')
  assert.equal(kept.exitCode, 1)
  assert.match(
    kept.output,
    /401.*nothing was deleted\. To delete .* curl -X POST http:\S+\/api\/v1\/admin\/tsdb\/delete_series --data-urlencode 'match\[\]=\{/,
  )
  assert.doesNotMatch(kept.output, /wrong|right/)
  const deleted = await commandOn(lab, store, login('right'), 'forget')
  assert.match(deleted.output, /^Deleted .* series of 1 source/)
})

test('a running agent pushes its heartbeats, and forget refuses to delete what it would push again', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const store = await startStore(context, lab.folder, lookBack)
  const settings = {
    KOPIA_METRICS_PUSHGATEWAY_URL: `${store.url}${importPath}`,
    KOPIA_METRICS_REFRESH_SCHEDULE: '*/5 * * * * *',
    // The offset of this name is 0, so the heartbeat does not come late (agent/daemon/schedule.ts).
    KOPIA_METRICS_INSTANCE: 'vm-204',
  }
  const agent = await lab.startAgent(settings)
  await lab.kopia.must('snapshot', 'create', path)
  const [status] = await waitForSeries(store, `kopia_backup_status{path="${path}"}`)
  assert.equal(status?.value, 1)
  const madeAt = async () => {
    const [series] = await waitForSeries(store, 'kopia_agent_metrics_timestamp_seconds')
    return series?.value ?? 0
  }
  const first = await madeAt()
  await waitFor('a heartbeat', async () => ((await madeAt()) > first ? true : undefined))
  const refused = await commandOn(lab, store, settings, 'forget')
  assert.deepEqual(
    [refused.exitCode, /an agent with pid \d+ runs on .*: stop it first/.test(refused.output)],
    [1, true],
  )
  assert.equal(await agent.stop(), 0, agent.output())
  const deleted = await commandOn(lab, store, settings, 'forget')
  assert.deepEqual([deleted.exitCode, /^Deleted /.test(deleted.output)], [0, true], deleted.output)
  assert.deepEqual(await seriesIn(store, '{__name__=~"kopia_.+"}'), [])
})

test('the longest path that Linux allows arrives, and a URL that is no import is told', async (context) => {
  const store = await startStore(context, await temporaryFolder(context))
  const optionsOf = (url: string, push_target: string) => ({
    url,
    target: toPushTarget({ push_target, pushgateway_url: url, prometheus_url: '' }),
    job: 'kopia',
    instance: 'vm',
    grouping: {},
    timeoutMs: 10_000,
    credentials: { kind: 'none' } as const,
    tls: {},
  })
  const pushTo = (url: string, target: string, body: string) =>
    push(optionsOf(url, target), [body], 'text/plain', new AbortController().signal)
  // PATH_MAX is 4096 with the byte that ends the text (limits.h).
  const path = `/${'ä'.repeat(2047)}`
  const sent = await pushTo(`${store.url}${importPath}/`, 'auto', `kopia_x{path="${path}"} 1\n`)
  assert.deepEqual(sent, { ok: true })
  const [series] = await waitForSeries(store, 'kopia_x')
  assert.equal(series?.labels.path, path)
  for (const [url, target, advice] of [
    [
      store.url,
      'auto',
      /^it answered 400: .*\(no Pushgateway answers so; for VictoriaMetrics expected a pushgateway_url such as/,
    ],
    [`${store.url}/nowhere`, 'prometheus-import', /^it answered 400: .*\(expected a pushgateway_url such as/],
  ] as const) {
    const result = await pushTo(url, target, 'kopia_x 1\n')
    assert.match(result.ok ? 'it was accepted' : result.reason, advice)
  }
})
