// The configuration of a run, by its process or by its log.

import { type Configuration, configurationInLog } from './configuration.ts'
import type { EndedRun, OpenRun } from './run.ts'

/** The process was asked when it was first seen; the log names the file only once maintenance begins. */
export function configurationOfRun(
  { configuration, evidence }: OpenRun | EndedRun,
  ownPath: string,
): Configuration | undefined {
  const { configurationPath } = evidence
  if (configuration !== undefined || configurationPath === undefined) return configuration
  return configurationInLog(configurationPath, ownPath)
}
