// Compares the hooks in the policies with the logs: each of them sees what the other can't.

import { type Finding, ok, warning } from './finding.ts'
import { isBackupLog, isBlindServer, type LogFile } from './log-files.ts'

type Eyes = {
  /** Policies with our hooks. */
  readonly hookedPolicies: number
  readonly areActionsEnabled: boolean
  readonly logs: readonly LogFile[]
  /** Whether this machine has made a snapshot. */
  readonly hasSnapshots: boolean
}

/** Decides whether failed backups can be seen. */
export function checkHooksAndLogs({ hookedPolicies, areActionsEnabled, logs, hasSnapshots }: Eyes): Finding {
  const hasLogs = logs.some(isBackupLog)
  const hasHooks = hookedPolicies > 0 && areActionsEnabled
  const hasBlindServer = logs.some(isBlindServer)
  if (hasBlindServer && !hasHooks) {
    return warning(
      'hooks and logs',
      'a server of Kopia runs with a file log level above debug, and there are no hooks that run: its failed backups leave no trace',
      'start it without --file-log-level, or connect with --enable-actions and run install-hooks',
    )
  }
  if (!hasSnapshots) return ok('hooks and logs', 'no backup yet')
  if (hasLogs)
    return ok('hooks and logs', hasHooks ? 'logs of backups, and hooks' : 'logs of backups, which tell all')
  return hasHooks
    ? warning(
        'hooks and logs',
        'hooks, but no log of a backup: a backup that fails before its hooks run leaves no trace',
        'let Kopia write its logs (without --disable-file-logging), and set KOPIA_LOG_DIR to their folder',
      )
    : warning(
        'hooks and logs',
        'neither logs of backups nor hooks that run: failed backups leave no trace',
        'let Kopia write its logs where the agent reads them, or connect with --enable-actions and run install-hooks',
      )
}
