// Every alert's link opens in the stack as it comes: a real Prometheus runs as compose.yaml says, on the files of setup.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { parseHTML } from 'linkedom'
import { startBrowser, visit } from '../support/browser.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { accessibilityFaults, overflowing } from '../support/page-faults.ts'
import { freePort } from '../support/processes.ts'
import { readAlerts } from '../support/rules.ts'
import { type StackPrometheus, startStackPrometheus } from '../support/stack-prometheus.ts'
import { tool } from '../support/tools.ts'

type LoadedRule = { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }

type Link = { readonly alert: string; readonly url: string }

/** The links of the alerts that Prometheus has loaded. */
async function linksOf({ askItself }: StackPrometheus): Promise<readonly Link[]> {
  const { data } = JSON.parse((await askItself('/api/v1/rules?type=alert')).body)
  const groups: readonly { rules: readonly LoadedRule[] }[] = data.groups
  return groups
    .flatMap(({ rules }) => rules)
    .flatMap(({ name, annotations }) =>
      annotations?.runbook_url === undefined ? [] : [{ alert: name, url: annotations.runbook_url }],
    )
}

/** Opens each link, and finds the heading of the alert. Every alert that has a link in the project must have one here. */
async function assertLinksOpen(prometheus: StackPrometheus, externalUrl: string): Promise<void> {
  const links = await linksOf(prometheus)
  const linked = (await readAlerts()).filter(({ annotations }) => annotations?.runbook_url !== undefined)
  assert.ok(linked.length > 20)
  assert.deepEqual(links.map(({ alert }) => alert).sort(), linked.map(({ alert }) => alert).sort())
  for (const { alert, url } of links) {
    const { hash } = new URL(url)
    assert.equal(url, `${externalUrl}/consoles/runbooks.html${hash}`)
    const { status, type, body } = await prometheus.ask(url)
    assert.deepEqual([status, type], [200, 'text/html; charset=utf-8'], body)
    assert.equal(parseHTML(body).document.getElementById(hash.slice(1))?.textContent, alert)
  }
}

/** The page that Prometheus serves is the one that setup wrote: its template engine changes nothing. */
async function assertUnchanged({ askItself, files }: StackPrometheus): Promise<void> {
  assert.equal((await askItself('/consoles/runbooks.html')).body, files['consoles/runbooks.html'])
}

test("every alert's link opens without any values, and braces in the runbooks stay text", async (context) => {
  const braces = '{{ template "prom_query_drilldown" }} {{{ {{/* }} }}} {{- .Path }} {{ end }}'
  const furtherRunbooks = `\n## Braces\n${braces}\n\n    ${braces}\n`
  const prometheus = await startStackPrometheus(context, {
    program: tool('prometheus'),
    environment: {},
    furtherRunbooks,
  })
  await assertLinksOpen(prometheus, `http://127.0.0.1:${prometheus.port}`)
  await assertUnchanged(prometheus)
  const { document } = parseHTML((await prometheus.askItself('/consoles/runbooks.html')).body)
  const section = document.getElementById('braces')?.parentElement
  for (const selector of ['p', 'pre']) {
    assert.equal(section?.querySelector(selector)?.textContent?.trim(), braces)
  }
})

test('with the minimal profile, a login and TLS the links open in a browser, on a phone and a wide screen, light and dark', async (context) => {
  const prometheus = await startStackPrometheus(context, {
    program: tool('prometheus'),
    environment: {
      STACK_PROFILE: 'minimal',
      PROMETHEUS_BASIC_AUTH: 'true',
      PROMETHEUS_AUTH_USER: 'ops',
      PROMETHEUS_AUTH_PASSWORD: 'pa$$ w"rd',
      TLS_ENABLED: 'true',
    },
  })
  const externalUrl = `https://127.0.0.1:${prometheus.port}`
  await assertLinksOpen(prometheus, externalUrl)
  await assertUnchanged(prometheus)
  await assertReadable(context, prometheus, `${externalUrl}/consoles/runbooks.html#kopiabackupmasschange`)
})

async function assertReadable(context: TestContext, { login }: StackPrometheus, url: string): Promise<void> {
  const browser = await startBrowser(context)
  for (const width of [360, 1200]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const where = `${width} ${colorScheme}`
      const { page, complaints } = await visit(browser, url, {
        viewport: { width, height: 800 },
        colorScheme,
        ignoreHTTPSErrors: true,
        ...(login && { httpCredentials: { username: login.user, password: login.password } }),
      })
      const heading = page.locator('h2:target')
      assert.equal(await heading.textContent(), 'KopiaBackupMassChange', where)
      const top = (await heading.boundingBox())?.y ?? -1
      assert.ok(top >= 0 && top < 100, `${where}: the heading is ${top} pixels below the top`)
      assert.deepEqual(await overflowing(page), [], where)
      await page.locator('summary').click()
      assert.deepEqual(await overflowing(page), [], where)
      assert.deepEqual(await accessibilityFaults(page), [], where)
      assert.deepEqual(complaints, [], where)
      await page.context().close()
    }
  }
}

/** A proxy as people put it before Prometheus: it removes the path under which it serves it. */
async function startProxy(context: TestContext, path: string, portOf: () => number): Promise<number> {
  const port = await freePort()
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(`${path}/`)) return void outgoing.writeHead(404).end()
    const forwarded = request(
      { host: '127.0.0.1', port: portOf(), path: incoming.url.slice(path.length) },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    forwarded.on('error', () => outgoing.writeHead(502).end())
    forwarded.end()
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => server.close())
  return port
}

test('with an external URL with a path the links open through the proxy, and Prometheus stays at /', async (context) => {
  let behind = 0
  const proxy = await startProxy(context, '/monitoring/prometheus', () => behind)
  const externalUrl = `http://127.0.0.1:${proxy}/monitoring/prometheus`
  const prometheus = await startStackPrometheus(context, {
    program: tool('prometheus'),
    environment: { PROMETHEUS_UI_ADDRESS: '0.0.0.0', PROMETHEUS_EXTERNAL_URL: `${externalUrl}/` },
  })
  behind = prometheus.port
  await assertLinksOpen(prometheus, externalUrl)
  const { data } = JSON.parse((await prometheus.askItself('/api/v1/status/flags')).body)
  assert.equal(data['web.external-url'], externalUrl)
  // The health check and Grafana ask Prometheus itself.
  for (const path of ['/-/healthy', '/api/v1/query?query=1', '/metrics']) {
    assert.equal((await prometheus.askItself(path)).status, 200, path)
    assert.equal((await prometheus.ask(externalUrl + path)).status, 200, path)
  }
})
