// Runs of commands that change sources without a backup. The agent asks Kopia again after such a run.

import { readdir } from 'node:fs/promises'
import { parseSegmentName } from './segment-name.ts'

const changingCommand =
  /^(policy-(set|edit|delete|import)|snapshot-(delete|expire|pin|migrate|fix.*)|repository-.*)$/

/** The id of the newest run of such a command in the log directory; undefined if there is none. */
export async function newestOtherChange(directory: string): Promise<string | undefined> {
  const fileNames = await readdir(directory).catch(() => [])
  const segments = fileNames.map(parseSegmentName).filter((segment) => segment !== undefined)
  const changing = segments.filter(({ command }) => changingCommand.test(command))
  return changing
    .map(({ runId }) => runId)
    .sort()
    .at(-1)
}
