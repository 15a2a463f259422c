// The ServiceMonitor leaves pushed series the labels that they were pushed with, and no label of the gateway's pod: a real
// Prometheus scrapes a real gateway by its settings.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort } from '../support/processes.ts'
import { query } from '../support/prometheus.ts'
import { startPushgateway, startService } from '../support/stack.ts'
import { projectFolder, tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** What prometheus-operator adds to a target (pkg/prometheus/promcfg.go, generateServiceMonitorConfig). */
const labelsOfTarget = {
  job: 'pushgateway',
  namespace: 'kopia',
  service: 'pushgateway',
  endpoint: 'http',
  pod: 'pushgateway-5d4f8c7b9-x2x7k',
  container: 'pushgateway',
}

test('a pushed series has the same labels whatever pod the gateway runs in', async (context) => {
  const folder = await temporaryFolder(context)
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const group = `${gateway.url}/metrics/job/kopia/instance/kopia-snapshot`
  const pushed = await fetch(group, { method: 'PUT', body: 'kopia_backup_status{path="/data"} 1\n' })
  assert.equal(pushed.status, 200)

  const configuration = join(folder, 'prometheus.yml')
  await writeFile(configuration, await configurationFor(`127.0.0.1:${gateway.port}`))
  const prometheus = await startService('prometheus', await freePort(), '/-/ready', (address) => [
    tool('prometheus'),
    `--config.file=${configuration}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
  ])
  cleanUpAfter(context, () => prometheus.stop())

  const labelsOf = async (expression: string) => {
    const [series] = await query(prometheus.url, expression)
    return series?.labels
  }
  const labels = await waitFor('the series is in Prometheus', () => labelsOf('kopia_backup_status'))
  assert.deepEqual(labels, {
    __name__: 'kopia_backup_status',
    job: 'kopia',
    instance: 'kopia-snapshot',
    path: '/data',
  })
  assert.deepEqual(await labelsOf('up'), { __name__: 'up', job: 'pushgateway', instance: 'pushgateway:9091' })
})

/** A scrape configuration with the settings of the ServiceMonitor, under Prometheus's own names for them. */
async function configurationFor(target: string): Promise<string> {
  const path = join(projectFolder, 'deploy/kubernetes/base/service-monitor.yaml')
  const [endpoint] = parse(await readFile(path, 'utf8')).spec.endpoints
  const relabelings: readonly {
    action?: string
    regex?: string
    targetLabel?: string
    replacement?: string
  }[] = endpoint.relabelings
  const scrape = {
    job_name: 'pushgateway',
    scrape_interval: '1s',
    honor_labels: endpoint.honorLabels,
    static_configs: [{ targets: [target], labels: labelsOfTarget }],
    relabel_configs: relabelings.map(({ targetLabel, ...rest }) => ({
      ...rest,
      ...(targetLabel === undefined ? {} : { target_label: targetLabel }),
    })),
  }
  return stringify({ scrape_configs: [scrape] })
}
