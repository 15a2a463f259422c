// setup: finds Kopia and the gateway, writes the agent's configuration, starts it and ends with `check`.

import { resolve } from 'node:path'
import { ConfigError } from '../settings/config-error.ts'
import type { Flags } from '../settings/load.ts'
import { neighbourOf } from '../setup/assign.ts'
import type { Asked, Machine, Person, Repository } from '../setup/facts.ts'
import { machineFiles } from '../setup/files.ts'
import { lookAtMachine } from '../setup/look.ts'
import { planSetup } from '../setup/plan.ts'
import type { Answers, Plan } from '../setup/plan-types.ts'
import { planText, repositoryWords } from '../setup/words.ts'
import { answersOf, type SetupOptions } from './setup-answers.ts'
import { carryOut } from './setup-carry-out.ts'
import { askAll, findAll, findKopia } from './setup-find.ts'
import { settleGateway } from './setup-gateway.ts'
import { findPeople, ownPerson } from './setup-people.ts'
import { problemsWithPlan } from './setup-problems.ts'
import { Cancelled, plainTalk, type Talk, terminalTalk } from './setup-talk.ts'

type SetupMode = 'ask' | 'yes' | 'dry run'

type Print = (line: string) => void

/** Resolves with the exit code of the final `check`; 1 where nothing could be set up, or not all; 2 where nobody can be asked. */
export async function setupCommand(
  mode: SetupMode,
  flags: Flags,
  options: SetupOptions,
  print: Print,
  printError: Print,
): Promise<0 | 1 | 2> {
  if (mode === 'ask' && !(process.stdin.isTTY && process.stdout.isTTY)) {
    printError(
      'setup asks its questions at a terminal, and there is none: use setup --yes, or setup --dry-run',
    )
    return 2
  }
  const talk = mode === 'ask' ? terminalTalk() : plainTalk(print)
  talk.begin()
  try {
    const decided = await decide(flags, options, talk)
    if ('problems' in decided) return refuse(decided.problems, talk)
    const { plan, machine } = decided
    showPlan(plan, talk)
    if (mode === 'dry run') {
      talk.end('Nothing was changed (--dry-run).')
      return 0
    }
    if (plan.steps.length > 0) await talk.confirmPlan()
    return await carryOut(plan, machine, talk)
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    talk.cancel('Nothing was changed.')
    return 1
  }
}

type Decided = { readonly plan: Plan; readonly machine: Machine } | { readonly problems: readonly string[] }

async function decide(flags: Flags, options: SetupOptions, talk: Talk): Promise<Decided> {
  const self = ownPerson()
  if (flags.config === '') throw new ConfigError('flag --config: expected a file, found ""')
  const configFile = flags.config === undefined ? undefined : resolve(flags.config)
  const people = await findPeople(self)
  const look = {
    files: machineFiles,
    platform: process.platform,
    self,
    people,
    environment: process.env,
    configFile,
  }
  const { machine, binary, found } = await talk.during('looking for Kopia', async () => {
    const seen = await lookAtMachine(look)
    const [program, repositories] = await Promise.all([findKopia(flags, seen), findAll(flags, seen, people)])
    return { machine: seen, binary: program, found: repositories }
  })
  const given = { ...(await answersOf(flags, process.env, options, machine)), kopiaBinary: binary.setting }
  talk.say(`Kopia: ${binary.path}`)
  for (const words of found.unread) talk.warn(`not looked at: ${words}`)
  if (found.repositories.length === 0) return { problems: [nothingFound(self)] }
  const free = found.repositories.filter((repository) => neighbourOf(repository, machine) === undefined)
  tellWatched(found.repositories, machine, talk)
  if (free.length === 0) return { problems: ['every repository that was found has an agent already'] }
  const chosen = await choose(free, talk)
  const settled = await settleGateway(flags, machine, given, talk)
  if (typeof settled === 'string') return { problems: [settled] }
  const { answers, gateway } = settled
  const asked = await askWithPasswords(chosen, answers, talk, (repositories, current) =>
    askAll(repositories, binary, machine, current),
  )
  const final = await askTheRest(asked, machine, answers, talk)
  const plan = planSetup(asked, found.all, machine, final)
  if ('problems' in plan) return plan
  const problems = await problemsWithPlan(plan, machine, gateway)
  return problems.length > 0 ? { problems } : { plan, machine }
}

function nothingFound({ name, userId }: Person): string {
  const whose = userId === 0 ? 'any user of this machine' : name
  const others = userId === 0 ? '' : ', or run setup as root or as the user whose Kopia it is'
  return `Kopia of ${whose} is connected to no repository: connect it ("kopia repository connect"), name its configuration by --kopia-config-path=FILE${others}`
}

/** Two agents of one repository would only count everything twice. */
function tellWatched(found: readonly Repository[], machine: Machine, talk: Talk): void {
  for (const repository of found) {
    const agent = neighbourOf(repository, machine)
    if (agent === undefined) continue
    talk.say(
      `${repository.configPath}: the agent of ${agent.file} watches it already (run check as ${agent.user})`,
    )
  }
}

async function choose(found: readonly Repository[], talk: Talk): Promise<readonly Repository[]> {
  return found.length === 1 ? found : ((await talk.chooseRepositories(found)) ?? found)
}

type Ask = (repositories: readonly Repository[], answers: Answers) => Promise<readonly Asked[]>

/** Asks for the password of a repository until it opens. */
async function askWithPasswords(
  chosen: readonly Repository[],
  answers: Answers,
  talk: Talk,
  ask: Ask,
): Promise<readonly Asked[]> {
  const asked = [...(await talk.during('asking Kopia', () => ask(chosen, answers)))]
  for (const [index, first] of asked.entries()) {
    let one = first
    while (one.answer.kind === 'no password' || one.answer.kind === 'wrong password') {
      const text = await talk.askPassword(`Password of the repository of ${one.repository.configPath}`)
      if (text === undefined) break
      const secrets = new Map([...answers.secrets, ['kopia_password_file', text] as const])
      const again = await talk.during('asking Kopia', () => ask([one.repository], { ...answers, secrets }))
      one = again[0] ?? one
    }
    asked[index] = one
    talk.say(repositoryWords(one))
  }
  return asked
}

/** How the agent runs, where there is a choice, and hooks, where they are needed. */
async function askTheRest(
  asked: readonly Asked[],
  machine: Machine,
  answers: Answers,
  talk: Talk,
): Promise<Answers> {
  const isNew = machine.agents.length === 0 && asked.length === 1 && answers.name === undefined
  const hasChoice =
    machine.manager.kind === 'system' && isNew && answers.unit === 'usual' && answers.configFile === undefined
  const unit = hasChoice ? ((await talk.chooseUnit()) ?? answers.unit) : answers.unit
  const blind = asked.flatMap(({ answer }) =>
    answer.kind === 'open' && answer.areActionsEnabled ? answer.blindSources : [],
  )
  const wants = answers.hooks === 'never' || blind.length === 0 || (await talk.confirmHooks(blind))
  return { ...answers, unit, hooks: wants ? answers.hooks : 'never' }
}

function refuse(problems: readonly string[], talk: Talk): 1 {
  for (const problem of problems) talk.warn(problem)
  talk.cancel('Nothing was changed.')
  return 1
}

function showPlan(plan: Plan, talk: Talk): void {
  const nothing = plan.steps.length === 0
  const text = planText(plan)
  talk.show(nothing ? 'Nothing has to be changed' : 'What setup will do', text)
  const advice = plan.advice.map((words) => `- ${words}`).join('\n')
  if (advice !== '') talk.show('What remains for you', advice)
}
