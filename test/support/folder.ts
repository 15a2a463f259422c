// A temporary folder that goes away with its test.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

/** Creates a folder; it is removed after the test, with all that is in it. */
export async function temporaryFolder(context: Cleanable): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-test-'))
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true }))
  return folder
}
