// The command line: every command once, with its operands and options. --help is made from this.

import { parseArgs } from 'node:util'
import type { Flags } from '../settings/load.ts'
import { flagOf, settingNames } from '../settings/names.ts'
import { hookChoices, reportFormats, unitChoices } from './choices.ts'

type CommandDeclaration = {
  /** Which operands it takes. */
  readonly operands: 'none' | 'sources' | 'targets' | 'file'
  /** Options that are not settings. */
  readonly options: readonly OptionName[]
  readonly usage: string
  readonly doc: string
}

/** All options that are not settings, in the form of parseArgs. */
const commandOptions = {
  'dry-run': { type: 'boolean' },
  format: { type: 'string' },
  global: { type: 'boolean' },
  hooks: { type: 'string' },
  json: { type: 'boolean' },
  name: { type: 'string' },
  percent: { type: 'string' },
  restore: { type: 'string' },
  since: { type: 'string' },
  sources: { type: 'boolean' },
  unit: { type: 'string' },
  watch: { type: 'boolean' },
  yes: { type: 'boolean' },
} as const

type OptionName = keyof typeof commandOptions

const usualPeriod = '7d'

export const commands = {
  setup: {
    operands: 'none',
    options: ['dry-run', 'hooks', 'name', 'unit', 'yes'],
    usage: `[--yes | --dry-run] [--unit ${unitChoices.join('|')}] [--name NAME] [--hooks ${hookChoices.join('|')}]`,
    doc:
      'find Kopia and the gateway, write the configuration, start the agent and check everything; asks at a terminal, --yes takes ' +
      'the usual answers, --dry-run changes nothing; settings are given by their flags',
  },
  run: { operands: 'none', options: [], usage: '', doc: 'watch Kopia and push metrics until stopped' },
  push: {
    operands: 'none',
    options: [],
    usage: '',
    doc: 'bring the ledger up to date and push once; exit 0 if the push succeeds',
  },
  status: {
    operands: 'none',
    options: ['json', 'watch'],
    usage: '[--json | --watch]',
    doc: 'show the state of each source, worst first; exit 1 if something needs attention',
  },
  report: {
    operands: 'none',
    options: ['format', 'since'],
    usage: `[--since ${usualPeriod}] [--format ${reportFormats.join('|')}]`,
    doc: 'say what was backed up since then, what failed, and whether all is well, for mail by a timer; always exit 0',
  },
  check: {
    operands: 'none',
    options: [],
    usage: '',
    doc: 'examine everything that must work together; exit 1 if something does not work',
  },
  'install-hooks': {
    operands: 'targets',
    options: ['global'],
    usage: 'SOURCE… | --global',
    doc: "add the hooks to Kopia's policies; the hooks run the actions that are there already",
  },
  'uninstall-hooks': {
    operands: 'targets',
    options: ['global'],
    usage: 'SOURCE… | --global',
    doc: 'remove the hooks from the policies and restore the actions that were there before',
  },
  verify: {
    operands: 'sources',
    options: ['json', 'percent', 'restore'],
    usage: '[SOURCE…] [--percent N] [--restore N] [--json]',
    doc:
      'prove that the newest snapshot of each source can be read back: read some percent of its files, restore and compare ' +
      'some; exit 1 if anything is wrong',
  },
  backfill: {
    operands: 'file',
    options: [],
    usage: 'FILE',
    doc: 'write the known history for promtool tsdb create-blocks-from openmetrics; - is standard output',
  },
  forget: {
    operands: 'none',
    options: ['sources'],
    usage: '[--sources]',
    doc:
      "delete this agent's group from the gateway, or its series from the store, for a machine that is retired; --sources: instead forget all sources and " +
      'the repository here, and begin with the repository that Kopia is connected to now',
  },
} as const satisfies Record<string, CommandDeclaration>

type CommandName = keyof typeof commands

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'misuse'; readonly problem: string }
  | {
      readonly kind: 'command'
      readonly name: CommandName
      readonly operands: readonly string[]
      readonly options: ReadonlySet<OptionName>
      /** Settings, by flag name. */
      readonly flags: Flags
      /** The options of `setup` that have a value. */
      readonly setup: { readonly [Name in 'hooks' | 'name' | 'unit']: string | undefined }
      /** The values of `--since` and `--format`. */
      readonly report: { readonly since: string; readonly format: string }
    }

/** Parses the arguments after the program's name; throws Node's ERR_PARSE_ARGS_… for an unknown flag. */
export function parseCommandLine(arguments_: readonly string[]): CommandLine {
  const general = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const
  const ofSettings = ['config', ...settingNames().map(flagOf)].map(
    (flag) => [flag, { type: 'string' }] as const,
  )
  const { values, positionals } = parseArgs({
    args: [...arguments_],
    options: { ...Object.fromEntries(ofSettings), ...commandOptions, ...general },
    allowPositionals: true,
  })
  const { help, version, ...given } = values
  if (version) return { kind: 'version' }
  if (help) return { kind: 'help' }
  const { percent, restore, hooks, name, unit, since = usualPeriod, format = 'text' } = given
  const settings = Object.entries(given).filter(
    (entry): entry is [string, string] => !isOptionName(entry[0]) && typeof entry[1] === 'string',
  )
  const flags = {
    ...Object.fromEntries(settings),
    ...(percent !== undefined && { [flagOf('verify_percent')]: percent }),
    ...(restore !== undefined && { [flagOf('verify_restore_files')]: restore }),
  }
  const line = checked(positionals, new Set(Object.keys(given).filter(isOptionName)), flags)
  return line.kind === 'command' ? { ...line, setup: { hooks, name, unit }, report: { since, format } } : line
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(commandOptions, name)
}

type Checked =
  | Extract<CommandLine, { kind: 'misuse' }>
  | Omit<Extract<CommandLine, { kind: 'command' }>, 'setup' | 'report'>

function checked(positionals: readonly string[], options: ReadonlySet<OptionName>, flags: Flags): Checked {
  const [name = '', ...operands] = positionals
  if (!isCommandName(name)) {
    return { kind: 'misuse', problem: `expected one command, found "${positionals.join(' ')}"` }
  }
  const declaration: CommandDeclaration = commands[name]
  const stray = [...options].find((option) => !declaration.options.includes(option))
  if (stray !== undefined) return { kind: 'misuse', problem: `${name}: there is no --${stray}` }
  const problem = problemWith(declaration, operands, options)
  if (problem !== undefined) return { kind: 'misuse', problem: `${name}: ${problem}` }
  return { kind: 'command', name, operands, options, flags }
}

function problemWith(
  declaration: CommandDeclaration,
  operands: readonly string[],
  options: ReadonlySet<OptionName>,
): string | undefined {
  if (options.has('json') && options.has('watch')) return 'expected --json or --watch, found both'
  if (options.has('yes') && options.has('dry-run')) return 'expected --yes or --dry-run, found both'
  switch (declaration.operands) {
    case 'none':
      return operands.length === 0 ? undefined : `expected nothing more, found "${operands.join(' ')}"`
    case 'sources':
      return undefined
    case 'file':
      return operands.length === 1 ? undefined : `expected one file, found "${operands.join(' ')}"`
    case 'targets':
      return operands.length > 0 !== options.has('global') ? undefined : 'expected either sources or --global'
  }
}

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name)
}
