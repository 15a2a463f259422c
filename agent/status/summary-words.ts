// The one line that says how all sources are: the terminal and the page show the same words.

import { overdueProofsWords } from './proof-words.ts'
import type { Status } from './status.ts'
import { countWords, pluralWords } from './words.ts'

/** One line for all, such as `1 failing, 2 overdue of 14 sources`. It says "backed up" only if nothing else has failed. */
export function summaryWords(status: Status): string {
  const { sources, counts, stuck, failedCommands, repository } = status
  const proofs = overdueProofsWords(status)
  const bad = [
    ...(counts.failing > 0 ? [`${countWords(counts.failing)} failing`] : []),
    ...(counts.overdue > 0 ? [`${countWords(counts.overdue)} overdue`] : []),
  ]
  const problems = [
    ...(repository.changedTo === undefined ? [] : ['Kopia is connected to another repository']),
    ...(failedCommands.length > 0 ? [`${pluralWords(failedCommands.length, 'command')} failed`] : []),
    ...(bad.length > 0 ? [`${bad.join(', ')} of ${pluralWords(sources.length, 'source')}`] : []),
    ...(stuck === 0 ? [] : [`${pluralWords(stuck, 'backup')} running unusually long`]),
    ...(proofs === undefined ? [] : [proofs]),
  ]
  if (problems.length === 0) return backedUpWords(status)
  return [...problems, ...(bad.length === 0 ? succeededWords(status) : [])].join('; ')
}

/** For a status without any problem. */
function backedUpWords({ sources, counts }: Status): string {
  const total = sources.length
  if (total === 0) return 'No sources known yet'
  if (counts.waiting > 0)
    return `${countWords(counts.fine)} of ${pluralWords(total, 'source')} backed up, the others are new`
  return total === 1 ? 'The one source is backed up' : `All ${countWords(total)} sources are backed up`
}

/** For a status with a problem that no source shows: an attempt that succeeded proves no backup then. */
function succeededWords({ sources, counts }: Status): readonly string[] {
  const total = sources.length
  if (counts.fine === 0) return []
  if (total === 1) return ['the last attempt of the one source succeeded']
  const which = counts.fine === total ? 'all' : `${countWords(counts.fine)} of`
  return [`the last attempts of ${which} ${countWords(total)} sources succeeded`]
}
