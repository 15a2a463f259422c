// Queries Prometheus, and parses metrics pages, for tests and the demo.

export type Series = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** Runs an instant query (Prometheus HTTP API v1) at a time in Unix seconds, or now. */
export async function query(
  prometheusUrl: string,
  expression: string,
  seconds?: number,
): Promise<readonly Series[]> {
  const at = seconds === undefined ? '' : `&time=${seconds}`
  const answer = await getJson(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expression)}${at}`)
  const results: { metric: Record<string, string>; value: [number, string] }[] = answer.data.result
  return results.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
}

export type AlertState = {
  readonly name: string
  readonly path: string
  readonly state: 'pending' | 'firing'
}

/** Lists the alerts that are pending or firing. */
export async function activeAlerts(prometheusUrl: string): Promise<readonly AlertState[]> {
  const answer = await getJson(`${prometheusUrl}/api/v1/alerts`)
  const alerts: { labels: Record<string, string>; state: AlertState['state'] }[] = answer.data.alerts
  return alerts.map(({ labels, state }) => ({ name: labels.alertname ?? '', path: labels.path ?? '', state }))
}

/** Reads all series of a /metrics page, by name. */
export async function scrape(url: string): Promise<ReadonlyMap<string, readonly Series[]>> {
  const response = await fetch(`${url}/metrics`)
  return parseExposition(await response.text())
}

/** Parses the text exposition format, as far as the gateway and the agent use it. */
export function parseExposition(text: string): ReadonlyMap<string, readonly Series[]> {
  const samples = [...text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name = '', labels = '', value]) => ({ name, labels: parseLabels(labels), value: Number(value) }),
  )
  return Map.groupBy(samples, (sample) => sample.name)
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescaped(value)]))
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

async function getJson(url: string) {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return JSON.parse(await response.text())
}
