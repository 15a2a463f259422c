// Decides what a setup does, from what was found and answered. Changes nothing.

import { join } from 'node:path'
import { defaultStateDirectory } from '../settings/default-folders.ts'
import { adviceFor } from './advice.ts'
import { type AgentSettings, settingsOfAgent } from './agent-settings.ts'
import { assignAgents } from './assign.ts'
import type { Asked, Machine, Repository } from './facts.ts'
import { formatOf } from './places.ts'
import type { Answers, Assignment, Plan, PlannedAgent, Refusal, Step } from './plan-types.ts'
import { problemsWithAnswers, problemsWithRepository, problemsWithUnits } from './problems.ts'
import { settingLines } from './settings-file.ts'
import { dropInFor, timerUnit, unitEnvironment, unitOf } from './units.ts'

/** The plan for these repositories; `all` are those that were found. A refusal says why nothing can be set up. */
export function planSetup(
  asked: readonly Asked[],
  all: readonly Repository[],
  machine: Machine,
  answers: Answers,
): Plan | Refusal {
  const problems = [...problemsWithAnswers(asked, machine, answers), ...asked.flatMap(problemsWithRepository)]
  if (problems.length > 0) return { problems }
  const planned = assignAgents(asked, machine, answers).map((assignment) => {
    const settings = settingsOfAgent(assignment, all, machine, answers)
    const agent = agentOf(assignment, settings, machine, answers)
    return { assignment, settings, agent, ...partsFor(assignment, settings, agent, machine) }
  })
  const unitProblems = planned.flatMap(({ agent }) => problemsWithUnits(agent, machine, answers))
  if (unitProblems.length > 0) return { problems: unitProblems }
  const hooks = answers.hooks === 'where needed' ? planned.flatMap(hooksFor) : []
  return {
    agents: planned.map(({ agent }) => agent),
    steps: [
      ...onceByPath(planned.flatMap(({ steps }) => steps)),
      ...hooks,
      ...planned.flatMap(({ starts }) => starts),
    ],
    kept: planned.flatMap(({ kept }) => kept),
    keptSecrets: planned
      .flatMap(({ settings }) => settings.secrets)
      .filter(({ path }) => machine.others.has(path)),
    advice: [
      ...planned.flatMap((one) => adviceFor(one, machine, answers)),
      ...lingerAdvice(machine, answers),
    ],
  }
}

/** Two agents can need the same file. */
function onceByPath(steps: readonly Step[]): readonly Step[] {
  const paths = steps.map((step) => ('path' in step ? step.path : undefined))
  return steps.filter((_step, index) => paths[index] === undefined || paths.indexOf(paths[index]) === index)
}

function agentOf(
  { asked, name, file, state }: Assignment,
  { values }: AgentSettings,
  machine: Machine,
  answers: Answers,
): PlannedAgent {
  const unit = unitOf(machine, name, answers)
  const environment = unit === undefined ? {} : unitEnvironment(machine, name)
  const { userId, home } = asked.repository.owner
  return {
    name,
    repository: asked.repository,
    file,
    format: formatOf(file),
    user: asked.repository.owner,
    unit,
    environment,
    state,
    grouping: environment.KOPIA_METRICS_GROUPING ?? values.grouping ?? '',
    stateFolder:
      environment.KOPIA_METRICS_STATE_DIR ??
      values.state_dir ??
      defaultStateDirectory({}, { platform: machine.platform, userId, home }),
  }
}

type Parts = {
  readonly steps: readonly Step[]
  readonly starts: readonly Step[]
  readonly kept: readonly string[]
}

function partsFor(
  { state, asked }: Assignment,
  settings: AgentSettings,
  agent: PlannedAgent,
  machine: Machine,
): Parts {
  const kept: string[] = []
  const create = <T extends Step & { readonly path: string }>(step: T): readonly T[] => {
    if (!machine.others.has(step.path)) return [step]
    kept.push(`${step.path} exists`)
    return []
  }
  if (state === 'existing') kept.push(`${agent.file} watches ${asked.repository.configPath} already`)
  const secrets = settings.secrets.flatMap(create)
  const file = state === 'existing' ? [] : fileSteps(agent, settings, machine)
  const folder =
    state === 'new' && settings.separateLogs !== undefined ? [logFolder(settings.separateLogs, agent)] : []
  const dropIn = state === 'new' ? dropInSteps(agent, machine).flatMap(create) : []
  const own = state === 'new' ? ownFileSteps(machine) : []
  const steps = [...folder.flatMap(create), ...secrets, ...dropIn, ...own, ...file]
  return { steps, starts: startSteps(agent, machine, steps.length > 0), kept }
}

function logFolder(path: string, { user }: PlannedAgent): Step & { readonly kind: 'make folder' } {
  return { kind: 'make folder', path, owner: user }
}

function fileSteps(
  { file, format }: PlannedAgent,
  { values }: AgentSettings,
  machine: Machine,
): readonly Step[] {
  const lines = settingLines(values, format)
  const text = `# Written by "kopia-metrics-agent setup"; --help explains all settings.\n${lines.join('\n')}\n`
  const found = machine.files.get(file) ?? { kind: 'absent' }
  switch (found.kind) {
    case 'absent':
      return [{ kind: 'create file', path: file, text, mode: machine.self.userId === 0 ? 0o644 : 0o600 }]
    case 'idle':
      return [{ kind: 'append', path: file, before: found.text, addition: `\n${text}` }]
    case 'active':
      return []
  }
}

/** Without a configuration file of its own, a user's agent would take root's settings from /etc, now or once root sets some. */
function ownFileSteps({ manager, settingsFolder, others }: Machine): readonly Step[] {
  const path = join(settingsFolder, 'config.yaml')
  if (manager.kind !== 'user' || others.has(path)) return []
  const text =
    '# Empty, so that the settings in /etc do not count: those of your agents are in the files "environment".\n'
  return [{ kind: 'create file', path, text, mode: 0o600 }]
}

function dropInSteps({ unit, user, repository }: PlannedAgent, { manager }: Machine) {
  if (manager.kind !== 'system' || unit === undefined || user.userId === 0) return []
  return [{ kind: 'create file', mode: 0o644, ...dropInFor(unit, user, repository.configPath) } as const]
}

function startSteps(
  { unit }: PlannedAgent,
  { manager, units }: Machine,
  isChanged: boolean,
): readonly Step[] {
  if (unit === undefined || manager.kind === 'none') return []
  const { isEnabled, isActive } = units.get(unit) ?? { isEnabled: false, isActive: false }
  const step = { kind: 'start', manager: manager.kind, unit } as const
  if (!isEnabled || !isActive) return [{ ...step, how: 'enable' }]
  return isChanged && unit !== timerUnit ? [{ ...step, how: 'restart' }] : []
}

function hooksFor({ assignment, agent }: { assignment: Assignment; agent: PlannedAgent }): readonly Step[] {
  const { answer } = assignment.asked
  if (answer.kind !== 'open' || !answer.areActionsEnabled || answer.blindSources.length === 0) return []
  return [{ kind: 'install hooks', agent, sources: answer.blindSources }]
}

function lingerAdvice({ manager, self }: Machine, { unit }: Answers): readonly string[] {
  return manager.kind === 'user' && !manager.staysAfterLogout && unit !== 'none'
    ? [`the agent ends when you log out, unless an administrator runs: loginctl enable-linger ${self.name}`]
    : []
}
