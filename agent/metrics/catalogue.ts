// Every metric, declared once: name, type, labels, help. All else about metrics is derived from here.

export type MetricType = 'gauge' | 'counter'
export type Metric = { readonly type: MetricType; readonly labels: readonly string[]; readonly help: string }

const ofSource = ['user', 'host', 'path'] as const

export const catalogue = {
  kopia_backup_status: {
    type: 'gauge',
    labels: ofSource,
    help: 'Whether the last finished attempt made a complete backup (1) or did not (0).',
  },
  kopia_backup_duration_seconds: {
    type: 'gauge',
    labels: [...ofSource, 'status'],
    help: 'How long the last finished attempt took, its actions included; status: success, failed or incomplete.',
  },
  kopia_backup_size_bytes: {
    type: 'gauge',
    labels: ofSource,
    help: 'Total size of the newest complete snapshot.',
  },
  kopia_snapshot_count: {
    type: 'gauge',
    labels: [...ofSource, 'type'],
    help: 'Snapshots held, by the reason why they are; type all counts each once.',
  },
  kopia_repository_size_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Bytes stored in the repository.',
  },
  kopia_backup_attempts_total: {
    type: 'counter',
    labels: [...ofSource, 'status'],
    help: 'Finished attempts since the agent first ran here; status: success, failed or incomplete.',
  },
  kopia_backup_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the last complete backup ended, in Unix time.',
  },
  kopia_backup_last_attempt_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the last finished attempt ended, in Unix time.',
  },
  kopia_agent_build_info: {
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the version of kopia-metrics-agent.',
  },
  kopia_agent_repository_reachable: {
    type: 'gauge',
    labels: [],
    help: 'Whether the last question to the repository was answered (1) or not (0).',
  },
  kopia_agent_push_failures_total: {
    type: 'counter',
    labels: [],
    help: 'Pushes to the gateway that failed since the agent started.',
  },
  kopia_agent_kopia_calls_total: {
    type: 'counter',
    labels: ['command', 'result'],
    help: 'Calls of the Kopia CLI since the agent started; result: success or failed.',
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof catalogue

/** The README's table of metrics. */
export function metricsTable(): string {
  const rows = Object.entries<Metric>(catalogue).map(
    ([name, { type, labels, help }]) => `| \`${name}\` | ${type} | ${labels.join(', ') || '–'} | ${help} |`,
  )
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n')
}
