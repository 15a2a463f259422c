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
    ...['repository', 'connect', 's3', '--readonly', '--disable-tls', '--bucket=bucket'],
    ...[`--endpoint=${storage.endpoint}`, '--access-key=anyone', '--secret-access-key=unchecked'],
  )
  storage.takeCost()
  const environment = {
    ...settingsOf({ ...lab, kopia }),
    KOPIA_METRICS_STATE_DIR: join(folder, 'state'),
  }
  return { environment, storage }
}

/** The costs of so many runs: what they ask for depends on the files that they choose. */
export async function costsOf(
  { environment, storage }: CountedLab,
  parameters: readonly string[],
  rounds: number,
): Promise<readonly Cost[]> {
  const costs: Cost[] = []
  // The first fills the usual cache, which answers who this Kopia is.
  for (let round = 0; round <= rounds; round += 1) {
    storage.takeCost()
    await measureVerify(environment, parameters)
    if (round > 0) costs.push(storage.takeCost())
  }
  return costs
}

/** The rows of a run. */
export function rowsOf(what: string, costs: readonly Cost[]): readonly Row[] {
  return [
    { what: `${what}: lists`, unit: 'requests', values: costs.map(({ lists }) => lists) },
    { what: `${what}: reads`, unit: 'requests', values: costs.map(({ gets }) => gets) },
    { what: `${what}: read`, unit: 'MiB', values: costs.map(({ bytes }) => bytes / mebibyte) },
  ]
}
