// Grafana's provisioning files match the dashboards and Prometheus's configuration. The test runs no Grafana.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readDashboards } from '../support/dashboards/model.ts'
import { projectFolder } from '../support/tools.ts'

const read = async (path: string): Promise<unknown> =>
  parse(await readFile(join(projectFolder, 'deploy', path), 'utf8'))

type Prometheus = { readonly global: { readonly scrape_interval: string } }

test('the data source has the name and uid that links use, and the scrape interval of Prometheus', async () => {
  const configuration = await readFile(join(projectFolder, 'deploy/prometheus/prometheus.yml'), 'utf8')
  const prometheus: Prometheus = parse(configuration)
  assert.deepEqual(await read('grafana/datasources/prometheus.yaml'), {
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        uid: 'kopia-prometheus',
        type: 'prometheus',
        access: 'proxy',
        url: 'http://prometheus:9090',
        isDefault: true,
        jsonData: { timeInterval: prometheus.global.scrape_interval, httpMethod: 'POST' },
      },
    ],
  })
})

test('Grafana puts the dashboards into the folder Kopia', async () => {
  assert.deepEqual(await read('grafana/dashboards/kopia.yaml'), {
    apiVersion: 1,
    providers: [
      {
        name: 'kopia',
        folder: 'Kopia',
        folderUid: 'kopia',
        type: 'file',
        allowUiUpdates: false,
        disableDeletion: true,
        updateIntervalSeconds: 60,
        options: { path: '/var/lib/grafana/dashboards' },
      },
    ],
  })
})

test('a dashboard can be imported by hand: it has its own uid, no id and no inputs', async () => {
  const dashboards = [...(await readDashboards()).values()]
  assert.equal(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length)
  for (const dashboard of dashboards) {
    assert.ok(!('id' in dashboard), 'an id is valid in one Grafana only')
    assert.ok(!('__inputs' in dashboard), 'Grafana does not fill in inputs of provisioned dashboards')
    assert.equal(dashboard.templating.list[0]?.type, 'datasource')
  }
})
