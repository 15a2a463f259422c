// Finds the errors of one source in the error that ended a run of several sources. Pure.

import { withoutSecrets } from '../../util/secrets.ts'
import { errorLinesIn } from '../log/messages.ts'
import type { Source } from '../source.ts'

/**
 * The lines of a final error that concern a source: those that name it, else those that name no other source of the run.
 * A failed action names none.
 */
export function errorsAbout(
  finalError: string,
  source: Source,
  others: readonly Source[],
): readonly string[] {
  const lines = errorsIn(finalError)
  const naming = lines.filter((line) => names(line, source))
  return naming.length > 0 ? naming : lines.filter((line) => !others.some((other) => names(line, other)))
}

/** The errors that a final error tells. Secrets go before a text is divided: a part of one is not recognized. */
export function errorsIn(finalError: string): readonly string[] {
  return errorLinesIn(withoutSecrets(finalError))
}

/** Whether a line names the source or its path; a longer path, of another source, does not count. */
function names(line: string, { path }: Source): boolean {
  if (path === '') return false
  for (let at = line.indexOf(path); at >= 0; at = line.indexOf(path, at + 1)) {
    const [before, after] = [line.slice(0, at), line.slice(at + path.length)]
    if (/(?:^|[\s:"'(])$/.test(before) && /^(?:$|[\s:"',;)]|\.(?:$|\s))/.test(after)) return true
  }
  return false
}
