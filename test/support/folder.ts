// Temporary folders for tests.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

/** Creates a folder, and removes it with its contents after the test. */
export async function temporaryFolder(context: Cleanable): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-test-'))
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true }))
  return folder
}
