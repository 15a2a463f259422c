// Extracts Thanos's commands from deploy/FLEET.md.

import { blocksBelow } from './page.ts'

/**
 * Returns the parameters of the page's command `thanos NAME`, with the values in `local` instead of the page's. Names in
 * `local` that the page does not have are added. A flag that is repeated keeps its values.
 */
export async function commandFrom(
  heading: string,
  name: string,
  local: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const commands = (await blocksBelow(heading, 'sh')).map(wordsOf)
  const [, ...parameters] =
    commands.find(([program, command]) => program === 'thanos' && command === name) ?? []
  if (parameters.length === 0) throw new Error(`deploy/FLEET.md has no "thanos ${name}" below "${heading}"`)
  const left = new Map(Object.entries(local))
  const replaced = parameters.map((parameter) => {
    const [, flag = ''] = /^--([^=]+)=/.exec(parameter) ?? []
    const value = left.get(flag)
    left.delete(flag)
    return value === undefined ? parameter : `--${flag}=${value}`
  })
  return [...replaced, ...[...left].map(([flag, value]) => `--${flag}=${value}`)]
}

/** Splits a command of the page into words, as a shell does: it has single quotes and continued lines only. */
function wordsOf(command: string): readonly string[] {
  const words = command.replaceAll('\\\n', ' ').match(/(?:'[^']*'|[^\s'])+/g) ?? []
  return words.map((word) => word.replaceAll("'", ''))
}
