// Declares every metric once: name, type, labels, help text.
// Over 8 kB because each metric is declared in this one place.

export type MetricType = 'gauge' | 'counter'
export type Metric = { readonly type: MetricType; readonly labels: readonly string[]; readonly help: string }

const ofSource = ['user', 'host', 'path'] as const

export const definitions = {
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
  kopia_backup_first_seen_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the agent first knew of the source, in Unix time.',
  },
  kopia_backup_last_failure_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the last attempt ended that made no complete backup, in Unix time.',
  },
  kopia_backup_consecutive_failures: {
    type: 'gauge',
    labels: ofSource,
    help: 'Attempts without a complete backup since the last one that made one.',
  },
  kopia_backup_running_since_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the attempt that is under way began, in Unix time; absent while there is none.',
  },
  kopia_backup_files: { type: 'gauge', labels: ofSource, help: 'Files in the newest complete snapshot.' },
  kopia_backup_directories: {
    type: 'gauge',
    labels: ofSource,
    help: 'Directories in the newest complete snapshot.',
  },
  kopia_backup_changed_files: {
    type: 'gauge',
    labels: ofSource,
    help: 'Files of the newest complete snapshot whose contents were new.',
  },
  kopia_backup_excluded_files: {
    type: 'gauge',
    labels: ofSource,
    help: 'Files that the policy kept out of the newest complete snapshot.',
  },
  kopia_backup_errors: {
    type: 'gauge',
    labels: [...ofSource, 'kind'],
    help: 'Files that the last attempt could not read; kind: fatal or ignored.',
  },
  kopia_backup_expected_interval_seconds: {
    type: 'gauge',
    labels: [...ofSource, 'origin'],
    help: 'How often the source should be backed up; origin: policy, configured, or learned from past backups.',
  },
  kopia_backup_deadline_timestamp_seconds: {
    type: 'gauge',
    labels: [...ofSource, 'origin'],
    help:
      'When the source becomes overdue unless it succeeds before, in Unix time; origin: policy, configured, learned, ' +
      'assumed, or never (it never succeeded).',
  },
  kopia_backup_running_deadline_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the attempt that is under way counts as stuck, in Unix time; absent on a machine that sleeps.',
  },
  kopia_backup_size_baseline_bytes: {
    type: 'gauge',
    labels: ofSource,
    help: 'The least total size in four weeks, the last three days left out; absent in the first two weeks.',
  },
  kopia_backup_files_baseline: {
    type: 'gauge',
    labels: ofSource,
    help: 'The fewest files in four weeks, the last three days left out; absent in the first two weeks.',
  },
  kopia_backup_changed_ratio_limit: {
    type: 'gauge',
    labels: ofSource,
    help:
      'The share of changed files above which a change is unusual: three times the largest of four weeks, at least 0.3 ' +
      'beside new files; absent under 50 files, and on the first day.',
  },
  kopia_snapshot_oldest_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the oldest complete snapshot held was made, in Unix time.',
  },
  kopia_verify_status: {
    type: 'gauge',
    labels: ofSource,
    help: 'Whether the last verification proved that the newest snapshot can be read back (1) or did not (0).',
  },
  kopia_verify_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When a verification last proved that the newest snapshot can be read back, in Unix time.',
  },
  kopia_verify_last_attempt_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the last verification ended, whatever it found, in Unix time.',
  },
  kopia_verify_deadline_timestamp_seconds: {
    type: 'gauge',
    labels: ofSource,
    help: 'When the proof becomes overdue unless a verification succeeds before, in Unix time; absent without a schedule.',
  },
  kopia_verify_objects: {
    type: 'gauge',
    labels: ofSource,
    help: 'Files and directories whose blobs the last verification found in the repository.',
  },
  kopia_verify_read_bytes: {
    type: 'gauge',
    labels: ofSource,
    help: 'Bytes of files that the last verification read from the repository.',
  },
  kopia_verify_restored_files: {
    type: 'gauge',
    labels: ofSource,
    help: 'Files that the last verification restored and compared.',
  },
  kopia_verify_errors: {
    type: 'gauge',
    labels: [...ofSource, 'kind'],
    help:
      'What the last verification could not read back; kind: missing_blob, checksum, read, differs (from a second read or ' +
      'the file itself) or timeout.',
  },
  kopia_command_status: {
    type: 'gauge',
    labels: ['command'],
    help: 'Whether the last run of the command succeeded as a whole (1) or did not (0).',
  },
  kopia_command_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['command'],
    help: 'When the last run of the command that succeeded ended, in Unix time.',
  },
  kopia_repository_contents_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Bytes of all contents in the repository, as its index has them.',
  },
  kopia_repository_blobs: { type: 'gauge', labels: [], help: 'Blobs stored in the repository.' },
  kopia_repository_capacity_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Size of the volume that holds the repository.',
  },
  kopia_repository_available_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Bytes still available on the volume that holds the repository.',
  },
  kopia_repository_info: {
    type: 'gauge',
    labels: ['repository', 'storage'],
    help: 'Always 1; the id of the repository and the type of its storage.',
  },
  kopia_maintenance_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['kind'],
    help: 'When maintenance last succeeded, in Unix time; kind: quick or full.',
  },
  kopia_maintenance_next_timestamp_seconds: {
    type: 'gauge',
    labels: ['kind'],
    help: 'When maintenance is due next, in Unix time; kind: quick or full.',
  },
  kopia_agent_build_info: {
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the version of kopia-metrics-agent.',
  },
  kopia_agent_always_on: {
    type: 'gauge',
    labels: [],
    help: 'Whether the machine is meant to run all the time (1), or may sleep or travel (0).',
  },
  kopia_agent_metrics_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the agent made this text of its metrics, in Unix time; it is silent when no newer one comes.',
  },
  kopia_agent_metrics_deadline_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help:
      'When the agent counts as silent unless it makes newer metrics before, in Unix time; absent where a Pushgateway keeps ' +
      'its metrics, on a machine that sleeps, and where it promises no heartbeat.',
  },
  kopia_agent_heartbeat_interval_seconds: {
    type: 'gauge',
    labels: [],
    help: 'The longest time between two pushes while the agent runs; absent where it was called to push once.',
  },
  kopia_agent_repository_reachable: {
    type: 'gauge',
    labels: [],
    help: 'Whether the last question to the repository was answered (1) or not (0).',
  },
  kopia_agent_repository_changed: {
    type: 'gauge',
    labels: [],
    help: 'Whether the configuration is connected to another repository than the one that the agent knows (1) or not (0).',
  },
  kopia_agent_processes_visible: {
    type: 'gauge',
    labels: [],
    help: 'Whether the agent can see the processes of Kopia (1) or not (0); absent before a backup has shown it.',
  },
  kopia_agent_runs_unattributed_total: {
    type: 'counter',
    labels: [],
    help: 'Runs of Kopia, since the agent started, of which it is not known which repository they belong to.',
  },
  kopia_agent_unexplained_snapshots_total: {
    type: 'counter',
    labels: [],
    help: 'Snapshots of this machine, found since the agent started, of which neither a log nor a hook reports.',
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

export type MetricName = keyof typeof definitions
