// Creates temporary folders that are removed after their test.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

/** Creates a folder, which is removed with its contents after the test. */
export async function temporaryFolder(context: Cleanable): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-test-'))
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true }))
  return folder
}
