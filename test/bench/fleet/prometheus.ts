// The cost of one Prometheus behind the gateway of a whole fleet: a scrape, and an evaluation of all rules.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { freePort } from '../../support/processes.ts'
import { query } from '../../support/prometheus.ts'
import { alertsFile } from '../../support/rules.ts'
import { type Service, startService } from '../../support/stack.ts'
import { projectFolder, tool } from '../../support/tools.ts'
import { peakMebibytes } from '../measure.ts'

export type RuleCost = { readonly name: string; readonly seconds: number; readonly health: string }

export type PrometheusCost = {
  readonly scrapeSeconds: number
  readonly series: number
  readonly peakMebibytes: number
  /** One evaluation of each group. */
  readonly groups: readonly { readonly name: string; readonly seconds: number }[]
  readonly rules: readonly RuleCost[]
}

type RuleFile = { groups: { interval?: string }[] }
type Configuration = { alerting?: unknown; scrape_configs: { static_configs: { targets: string[] }[] }[] }
type Answer = {
  readonly groups: readonly {
    readonly name: string
    readonly evaluationTime: number
    readonly rules: readonly { name: string; evaluationTime: number; health: string; lastError?: string }[]
  }[]
}

/** Starts it with the project's configuration and rules. Every group is evaluated each half minute, to save waiting. */
async function startOn(folder: string, gateway: Service): Promise<Service> {
  await mkdir(join(folder, 'rules'), { recursive: true })
  const file: RuleFile = parse(await readFile(alertsFile, 'utf8'))
  for (const group of file.groups) group.interval = '30s'
  await writeFile(join(folder, 'rules', 'kopia_alerts.yml'), stringify(file))
  const text = await readFile(join(projectFolder, 'deploy/prometheus/prometheus.yml'), 'utf8')
  const configuration: Configuration = parse(text)
  delete configuration.alerting
  for (const { targets } of configuration.scrape_configs.flatMap((job) => job.static_configs)) {
    targets.splice(0, 1, `127.0.0.1:${gateway.port}`)
  }
  await writeFile(
    join(folder, 'prometheus.yml'),
    stringify({ ...configuration, scrape_configs: configuration.scrape_configs.slice(0, 1) }),
  )
  return startService('prometheus', await freePort(), '/-/ready', (address) => [
    tool('prometheus'),
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
  ])
}

/** Lets Prometheus scrape and evaluate for some minutes, then reads its own measurements. */
export async function measurePrometheus(folder: string, gateway: Service): Promise<PrometheusCost> {
  const prometheus = await startOn(folder, gateway)
  try {
    await sleep(150_000)
    const [scrape] = await query(prometheus.url, 'scrape_duration_seconds{job="kopia"}')
    const [series] = await query(prometheus.url, 'count({__name__=~"kopia_.+"})')
    const response = await fetch(`${prometheus.url}/api/v1/rules`)
    const { groups }: Answer = JSON.parse(await response.text()).data
    return {
      scrapeSeconds: scrape?.value ?? Number.NaN,
      series: series?.value ?? Number.NaN,
      peakMebibytes: peakMebibytes(prometheus.child.pid ?? 0),
      groups: groups.map(({ name, evaluationTime }) => ({ name, seconds: evaluationTime })),
      rules: groups.flatMap(({ rules }) =>
        rules.map(({ name, evaluationTime, health }) => ({ name, seconds: evaluationTime, health })),
      ),
    }
  } finally {
    await prometheus.stop()
  }
}
