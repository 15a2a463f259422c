// What a verification asks of a storage that charges for it: requests and bytes, counted by a storage of the S3 protocol.

import { join } from 'node:path'
import { settingsOf } from '../../support/agent-command.ts'
import type { Cleanable } from '../../support/cleanup.ts'
import { kopiaWith } from '../../support/kopia.ts'
import type { Lab } from '../../support/lab.ts'
import type { Row } from '../bench.ts'
import { type Cost, type CountingStorage, serveRepository } from './counting-storage.ts'
import { measureVerify } from './verify-process.ts'

const mebibyte = 2 ** 20

export type CountedLab = { readonly environment: NodeJS.ProcessEnv; readonly storage: CountingStorage }

/** Serves the repository of a lab, and connects a second Kopia to it by S3. */
export async function countRequests(context: Cleanable, lab: Lab): Promise<CountedLab> {
  const storage = await serveRepository(context, join(lab.folder, 'kopia', 'repository'))
  const folder = join(lab.folder, 's3')
  const kopia = kopiaWith({
    ...lab.kopia.environment,
    KOPIA_CONFIG_PATH: join(folder, 'repository.config'),
    KOPIA_CACHE_DIRECTORY: join(folder, 'cache'),
    KOPIA_LOG_DIR: join(folder, 'logs'),
  })
  await kopia.must(
    ...['repository', 'connect', 's3', '--readonly', '--disable-tls', '--bucket=bucket', '--region=anywhere'],
    ...[`--endpoint=${storage.endpoint}`, '--access-key=anyone', '--secret-access-key=unchecked'],
  )
  storage.takeCost()
  const environment = {
    ...settingsOf({ ...lab, kopia }),
    KOPIA_METRICS_STATE_DIR: join(folder, 'state'),
  }
  return { environment, storage }
}

/** The cost of one run. */
export async function costOf(
  { environment, storage }: CountedLab,
  parameters: readonly string[],
): Promise<Cost> {
  // The question who this Kopia is goes through the usual cache, which is warm in use.
  await measureVerify(environment, parameters)
  storage.takeCost()
  await measureVerify(environment, parameters)
  return storage.takeCost()
}

/** The rows of a run. */
export function rowsOf(what: string, { lists, gets, others, bytes }: Cost): readonly Row[] {
  return [
    { what: `${what}: lists`, unit: 'requests', values: [lists] },
    { what: `${what}: reads (GET)`, unit: 'requests', values: [gets] },
    { what: `${what}: other requests`, unit: 'requests', values: [others] },
    { what: `${what}: read from the storage`, unit: 'MiB', values: [bytes / mebibyte] },
  ]
}

/** What one more source adds. */
export function difference(two: Cost, one: Cost): Cost {
  return {
    lists: two.lists - one.lists,
    gets: two.gets - one.gets,
    others: two.others - one.others,
    bytes: two.bytes - one.bytes,
  }
}
