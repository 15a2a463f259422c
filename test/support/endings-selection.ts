// Which endings are tried: in which setup, for which forms of Kopia's log, with and without hooks.

import { type Ending, endings } from './endings.ts'
import { plain, type Setup } from './setups/setups.ts'

const logs = {
  'text logs': [],
  'JSON logs': ['--json-log-file'],
  'text logs at level info': ['--file-log-level=info'],
  'JSON logs at level info': ['--json-log-file', '--file-log-level=info'],
  'text logs, --json': ['--json'],
  'JSON logs at level info, --json': ['--json-log-file', '--file-log-level=info', '--json'],
  'no logs': ['--disable-file-logging'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type LogForm = keyof typeof logs
type Hooks = 'with hooks' | 'without hooks'

export type Selection = {
  readonly setup?: Setup
  readonly forms?: readonly LogForm[]
  readonly hooks?: readonly Hooks[]
  /** The names of the endings. */
  readonly rows?: readonly string[]
}

/** One setup with one form of the log: its rows share a lab. */
export type Table = {
  readonly setup: Setup
  readonly form: LogForm
  readonly hooks: Hooks
  /** The flags of each backup. */
  readonly flags: readonly string[]
  readonly endings: readonly Ending[]
}

/** The tables of a selection, with the endings that can be known in each. */
export function tablesOf({ setup = plain, forms, hooks, rows }: Selection): readonly Table[] {
  const wanted = endings.filter(({ name }) => rows?.includes(name) ?? true)
  return (forms ?? logForms()).flatMap((form) =>
    (hooks ?? (['without hooks', 'with hooks'] as const)).flatMap((hooksOfTable) => {
      const isShown = (ending: Ending) =>
        (form !== 'no logs' && setup.isShown(ending)) ||
        (hooksOfTable === 'with hooks' && ending.isShownByHooks)
      const shown = wanted.filter(isShown)
      const flags = [...logs[form], ...setup.flags]
      return shown.length > 0 ? [{ setup, form, hooks: hooksOfTable, flags, endings: shown }] : []
    }),
  )
}

function logForms(): readonly LogForm[] {
  return Object.keys(logs).filter((name): name is LogForm => name in logs)
}
