// Puts a run together: its workspace, how Kopia is started, and the sources.

import { join } from 'node:path'
import type { Kopia } from '../kopia/cli/client.ts'
import { createRepositoryReader } from '../kopia/cli/repository-reader.ts'
import type { Settings } from '../settings/settings.ts'
import { launcherOf } from './priority.ts'
import { runVerification, type VerificationRun } from './verification-run.ts'
import { openWorkspace } from './workspace.ts'

export type VerifyAllOptions = Omit<VerificationRun, 'settings' | 'workspace' | 'readerUntil'> & {
  readonly settings: Settings
  readonly kopia: Pick<Kopia, 'snapshots'>
}

export type VerifyAllResult =
  | { readonly kind: 'done' }
  /** Another run is under way, in this process or another. */
  | { readonly kind: 'held'; readonly processId: number }

/** Verifies, and leaves nothing on the disk. Rejects where this machine does not allow it; the message says why. */
export async function verifyAll(options: VerifyAllOptions): Promise<VerifyAllResult> {
  const { settings } = options
  const opened = await openWorkspace(settings.stateDirectory, settings.resolvedKopiaConfigPath)
  if (opened.kind === 'held') return opened
  const { workspace } = opened
  try {
    const startedThrough = await launcherOf()
    await runVerification({
      ...options,
      settings: settings.verify,
      workspace,
      readerUntil: (signal, endsAtMs) =>
        createRepositoryReader({
          binary: settings.kopiaBinary,
          configPath: workspace.configurationPath,
          password: settings.kopiaPassword,
          logDirectory: settings.kopiaLogDirectory,
          ownLogDirectory: join(settings.stateDirectory, 'kopia-logs'),
          timeLimitMs: undefined,
          cacheDirectory: workspace.cacheDirectory,
          startedThrough,
          signal,
          endsAtMs,
        }),
    })
    return { kind: 'done' }
  } finally {
    await workspace.close()
  }
}
