// The values of options that have a few: for --help, and to check what was given.

import { ConfigError } from '../settings/config-error.ts'

/** The values of `--format`, `--unit` and `--hooks`. */
export const reportFormats = ['text', 'html', 'json', 'mail'] as const
export const unitChoices = ['service', 'timer', 'none'] as const
export const hookChoices = ['where-needed', 'no'] as const

/** The value of a flag, if it is one of these; throws a ConfigError for another one. */
export function choiceOf<T extends string>(choices: readonly T[], flag: string, given: string): T {
  const choice = choices.find((known) => known === given)
  if (choice !== undefined) return choice
  throw new ConfigError(
    `flag --${flag}: expected one of ${choices.join(', ')}, found ${JSON.stringify(given)}`,
  )
}
