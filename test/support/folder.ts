// Creates temporary folders that are removed after their test.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

/** Creates a folder, which is removed with its contents after the test. */
export async function temporaryFolder(context: Cleanable): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-test-'))
  // The Kopia of an agent that was killed ends a moment later, and writes into its cache until then.
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}
