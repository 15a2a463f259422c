// Starts a real vmalert, which evaluates the project's rules on a real VictoriaMetrics and writes the alerts there.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../processes.ts'
import { type Service, startService } from '../stack.ts'
import { tool } from '../tools.ts'

/** Evaluates the text of a rule file each second. `stepSeconds`: see PrometheusQueries. */
export async function startVmalert(
  folder: string,
  store: Service,
  rules: string,
  stepSeconds: number,
): Promise<Service> {
  const file = join(folder, 'vmalert-rules.yml')
  await writeFile(file, rules)
  return startService('vmalert', await freePort(), '/health', (address) => [
    tool('vmalert'),
    `-rule=${file}`,
    `-datasource.url=${store.url}`,
    `-datasource.queryStep=${stepSeconds}s`,
    `-remoteWrite.url=${store.url}`,
    '-remoteWrite.flushInterval=200ms',
    '-notifier.blackhole',
    '-evaluationInterval=1s',
    // Without these two, the alerts are half a minute late and have a label that Prometheus's do not have.
    '-rule.evalDelay=0s',
    '-disableAlertgroupLabel',
    `-httpListenAddr=${address}`,
  ])
}
