// Other commands than a backup that change what a source holds: the agent has to ask Kopia again after them.

import { readdir } from 'node:fs/promises'
import { parseSegmentName } from './segment-name.ts'

const changing =
  /^(policy-(set|edit|delete|import)|snapshot-(delete|expire|pin|migrate|fix.*)|repository-.*)$/

/** The id of the newest run of such a command in the log directory; undefined where there is none. */
export async function newestOtherChange(directory: string): Promise<string | undefined> {
  const fileNames = await readdir(directory).catch(() => [])
  const segments = fileNames.map(parseSegmentName).filter((segment) => segment !== undefined)
  const runIds = segments.filter((segment) => changing.test(segment.command)).map((segment) => segment.runId)
  return runIds.sort().at(-1)
}
