// forget --sources: forgets the sources and the repository, so that the next start begins with those of today.

import { type LedgerData, unknownSetup } from '../ledger/ledger.ts'
import { takeLock } from '../ledger/lock.ts'
import { loadLedger, saveLedger } from '../ledger/store.ts'
import { readVerifications, removeVerifications } from '../ledger/verification-files.ts'
import type { Settings } from '../settings/settings.ts'
import { pluralWords } from '../status/words.ts'
import { messageOf } from '../util/error-text.ts'

type Print = (line: string) => void

/** Changes the ledger of an agent that does not run. Resolves with the exit code. */
export async function forgetSourcesCommand(
  { stateDirectory }: Pick<Settings, 'stateDirectory'>,
  nowSeconds: number,
  print: Print,
  printError: Print,
): Promise<0 | 1> {
  const lock = await takeLock(stateDirectory, process.pid)
  if (lock.kind === 'held') {
    printError(
      `forget: an agent with pid ${lock.processId} runs on ${stateDirectory}: stop it first, since it holds the ledger in memory`,
    )
    return 1
  }
  try {
    const { data } = await loadLedger(stateDirectory, nowSeconds)
    await saveLedger(stateDirectory, withoutSources(data))
    // Results of verify are about the repository that is forgotten.
    await removeVerifications((await readVerifications(stateDirectory)).files)
    const count = pluralWords(Object.keys(data.sources).length, 'source')
    print(`Forgot ${count} in ${stateDirectory}. The next start begins with what the repository holds then.`)
    return 0
  } catch (error) {
    printError(`forget: ${messageOf(error)}`)
    return 1
  } finally {
    await lock.release()
  }
}

/** The runs stay: otherwise their logs would be counted again. */
function withoutSources(data: LedgerData): LedgerData {
  return { ...data, sources: {}, repository: {}, commands: {}, setup: unknownSetup }
}
