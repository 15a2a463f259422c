// Checks that the log directory is that of one repository: Kopia's logs do not name the repository of a run.

import { pluralWords } from '../status/words.ts'
import { type Finding, ok, warning } from './finding.ts'

type SharedLogs = {
  /** Configurations whose runs the agent has seen in its log directory. */
  readonly seen: readonly string[]
  /** Configuration files beside the one in use. */
  readonly beside: readonly string[]
  /** Whether the log directory was set, or is the one that Kopia uses for all configurations of a user. */
  readonly directory: 'set' | 'default'
}

const advice =
  'give each repository its own KOPIA_LOG_DIR and its own agent (docs/your-setup.md, "Several repositories")'

/** Decides by what the agent has seen, and by what is there. */
export function checkSharedLogs({ seen, beside, directory }: SharedLogs): Finding {
  if (seen.length > 0) {
    const found = `Kopia also logs here for ${listed(seen)}, so a run that can't be told apart counts for no source`
    return warning('log directory', found, advice)
  }
  if (beside.length === 0) return ok('log directory', 'of one configuration')
  const others = `${pluralWords(beside.length, 'other configuration')} (${listed(beside)})`
  return directory === 'set'
    ? ok('log directory', `set for this repository; ${others}`)
    : warning('log directory', `the default one, which ${others} would share`, advice)
}

/** At most three, since a message is read by people. */
function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ')
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown
}
