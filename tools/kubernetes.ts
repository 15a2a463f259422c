// Writes the files of deploy/kubernetes that are made from others (`npm run kubernetes`): the alert rules as a PrometheusRule,
// and the dashboards, since kustomize reads no file outside its own folder.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const projectFolder = fileURLToPath(new URL('..', import.meta.url))
const base = 'deploy/kubernetes/base'
const dashboards = ['backup-overview.json', 'system-resources.json']

/** The content of the files by their path in the project. */
export async function generatedManifests(): Promise<ReadonlyMap<string, string>> {
  const read = (path: string) => readFile(join(projectFolder, path), 'utf8')
  const copies = dashboards.map(
    async (name) => [`${base}/dashboards/${name}`, await read(`dashboards/${name}`)] as const,
  )
  return new Map([
    [`${base}/prometheus-rule.yaml`, prometheusRule(await read('rules/kopia_alerts.yml'))],
    ...(await Promise.all(copies)),
  ])
}

/** The text of a rule file as that of a PrometheusRule: its `groups` become the `spec`, and its comments stay. */
export function prometheusRule(rules: string): string {
  return `# Generated from rules/kopia_alerts.yml by \`npm run kubernetes\`. Do not edit.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: kopia-alerts
  labels: { app.kubernetes.io/part-of: kopia-monitoring }
spec:
${rules.replaceAll(/^(?=.)/gm, '  ')}`
}

if (import.meta.main) {
  for (const [path, text] of await generatedManifests()) await writeFile(join(projectFolder, path), text)
}
