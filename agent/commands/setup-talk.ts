// How setup talks: to a person at a terminal (clack), or in plain lines to a log.

import {
  cancel,
  confirm,
  intro,
  isCancel,
  log,
  multiselect,
  note,
  outro,
  password,
  select,
  spinner,
  text,
} from '@clack/prompts'
import { declarations } from '../settings/schema.ts'
import type { Repository } from '../setup/facts.ts'
import { firstLine } from '../util/error-text.ts'

/** The person pressed Ctrl-C, or said no. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

export type Login = { readonly username: string; readonly password: string }

/** Where nobody can be asked, an answer is undefined: the usual one is taken. */
export type Talk = {
  readonly begin: () => void
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  readonly show: (title: string, lines: string) => void
  readonly during: <T>(what: string, work: () => Promise<T>) => Promise<T>
  readonly chooseRepositories: (found: readonly Repository[]) => Promise<readonly Repository[] | undefined>
  /** The URL of the gateway, after `problem`. */
  readonly askUrl: (current: string, problem: string | undefined) => Promise<string | undefined>
  readonly askLogin: (problem: string) => Promise<Login | undefined>
  readonly askPassword: (problem: string) => Promise<string | undefined>
  readonly chooseUnit: () => Promise<'service' | 'timer' | 'none' | undefined>
  readonly confirmHooks: (sources: readonly string[]) => Promise<boolean>
  /** Rejects with Cancelled if the answer is no. */
  readonly confirmPlan: () => Promise<void>
  readonly cancel: (why: string) => void
  readonly end: (line: string) => void
}

/** Plain lines: for --yes and --dry-run. */
export function plainTalk(print: (line: string) => void): Talk {
  return {
    begin: () => undefined,
    say: print,
    warn: (line) => print(`! ${line}`),
    show: (title, lines) => print(`\n${title}:\n${lines}\n`),
    during: (_what, work) => work(),
    chooseRepositories: async () => undefined,
    askUrl: async () => undefined,
    askLogin: async () => undefined,
    askPassword: async () => undefined,
    chooseUnit: async () => undefined,
    confirmHooks: async () => true,
    confirmPlan: async () => undefined,
    cancel: print,
    end: print,
  }
}

/** Questions at the terminal. Ctrl-C at any of them rejects with Cancelled. */
export function terminalTalk(): Talk {
  return {
    begin: () => intro('kopia-metrics-agent setup'),
    say: (line) => log.success(line),
    warn: (line) => log.warn(line),
    show: (title, lines) => note(lines, title, { format: (line) => line }),
    during: spin,
    chooseRepositories,
    askUrl,
    askLogin,
    askPassword: async (problem) => answered(await password({ message: problem, validate: notEmpty })),
    chooseUnit,
    confirmHooks: async (sources) =>
      answered(
        await confirm({
          message: `Kopia writes no logs of the backups of ${sources.join(', ')}. Install the hooks for them?`,
        }),
      ),
    confirmPlan: async () => {
      if (!answered(await confirm({ message: 'Do that?' }))) throw new Cancelled()
    },
    cancel: (why) => cancel(why),
    end: (line) => outro(line),
  }
}

/** While it spins, clack ends the process with 0 at a Ctrl-C: what was broken off is no success. */
async function spin<T>(what: string, work: () => Promise<T>): Promise<T> {
  const failIfEnded = () => {
    process.exitCode = 1
  }
  process.once('exit', failIfEnded)
  const spinning = spinner()
  spinning.start(what)
  try {
    const result = await work()
    spinning.stop(what)
    return result
  } catch (error) {
    spinning.error(what)
    throw error
  } finally {
    process.off('exit', failIfEnded)
  }
}

async function chooseRepositories(found: readonly Repository[]): Promise<readonly Repository[]> {
  const options = found.map((repository) => ({
    value: repository.configPath,
    label: repository.configPath,
    hint: `of ${repository.owner.name}`,
  }))
  const chosen = answered(
    await multiselect({
      message: 'Which repositories should be watched? Each gets an agent.',
      options,
      initialValues: options.map(({ value }) => value),
      required: true,
    }),
  )
  return found.filter(({ configPath }) => chosen.includes(configPath))
}

async function askUrl(current: string, problem: string | undefined): Promise<string> {
  if (problem !== undefined) log.warn(problem)
  const given = answered(
    await text({
      message: 'URL of the Pushgateway (empty: the agent pushes to none, and Prometheus scrapes it)',
      initialValue: current,
      validate: (value) => problemOf(value ?? '', declarations.pushgateway_url.check),
    }),
  )
  return given ?? ''
}

async function askLogin(problem: string): Promise<Login> {
  log.warn(problem)
  return {
    username: answered(await text({ message: 'User name at the gateway', validate: notEmpty })),
    password: answered(await password({ message: 'Its password', validate: notEmpty })),
  }
}

async function chooseUnit(): Promise<'service' | 'timer' | 'none'> {
  return answered(
    await select({
      message: 'How should the agent run?',
      options: [
        { value: 'service' as const, label: 'all the time', hint: 'a failed backup is known within seconds' },
        { value: 'timer' as const, label: 'every 15 minutes', hint: 'no daemon' },
        { value: 'none' as const, label: 'I start it myself' },
      ],
      initialValue: 'service' as const,
    }),
  )
}

/** The words of a check of a setting. */
function problemOf(value: string, check: (value: string) => void): string | undefined {
  try {
    check(value)
    return undefined
  } catch (error) {
    return firstLine(error)
  }
}

function notEmpty(value: string | undefined): string | undefined {
  return value ? undefined : 'Expected a text that is not empty'
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isAnswer(answer)) return answer
  throw new Cancelled()
}

function isAnswer<T>(answer: T): answer is Exclude<T, symbol> {
  return !isCancel(answer)
}
