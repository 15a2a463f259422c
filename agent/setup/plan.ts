// Decides what a setup does, from what was found and answered. Changes nothing.

import { adviceFor } from './advice.ts'
import { type AgentSettings, settingsOfAgent } from './agent-settings.ts'
import { assignAgents, formatOf } from './assign.ts'
import type { Asked, Machine, Repository } from './facts.ts'
import type { Answers, Assignment, Plan, PlannedAgent, Refusal, Step } from './plan-types.ts'
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
    const agent = agentOf(assignment, machine, answers)
    return { assignment, settings, agent, ...partsFor(assignment, settings, agent, machine) }
  })
  const hooks = answers.hooks === 'where needed' ? planned.flatMap(hooksFor) : []
  return {
    agents: planned.map(({ agent }) => agent),
    steps: [...planned.flatMap(({ steps }) => steps), ...hooks, ...planned.flatMap(({ starts }) => starts)],
    kept: planned.flatMap(({ kept }) => kept),
    advice: [
      ...planned.flatMap((one) => adviceFor(one, machine, answers)),
      ...lingerAdvice(machine, answers),
    ],
  }
}

function problemsWithAnswers(asked: readonly Asked[], machine: Machine, answers: Answers): readonly string[] {
  const { unit, name, settings, configFile } = answers
  const several = `for ${asked.length} repositories: choose one by --kopia-config-path=FILE`
  const isSeveral = asked.length > 1
  return [
    ...(asked.length === 0 ? ['no repository was chosen'] : []),
    ...(isSeveral && name !== undefined ? [`--name is one name ${several}`] : []),
    ...(isSeveral && settings.kopia_log_dir !== undefined
      ? [`--kopia-log-dir is one folder ${several}`]
      : []),
    ...(isSeveral && configFile !== undefined ? [`--config is one file ${several}`] : []),
    ...(unit === 'timer' && (isSeveral || name !== undefined || machine.manager.kind === 'user')
      ? ["--unit=timer: there is one timer, the system's, for one repository: choose --unit=service"]
      : []),
    ...(settings.state_dir !== undefined && unitOf(machine, undefined, answers) !== undefined
      ? ['--state-dir: the units have a state folder of their own; leave it out, or choose --unit=none']
      : []),
  ]
}

function problemsWithRepository({ repository: { configPath }, answer }: Asked): readonly string[] {
  switch (answer.kind) {
    case 'no password':
      return [
        `${configPath}: Kopia does not store the password of this repository: give --kopia-password-file=FILE, or set KOPIA_PASSWORD`,
      ]
    case 'wrong password':
      return [`${configPath}: the password that was given does not open this repository`]
    case 'open':
    case 'silent':
      return []
  }
}

function agentOf({ asked, name, file }: Assignment, machine: Machine, answers: Answers): PlannedAgent {
  const unit = unitOf(machine, name, answers)
  return {
    name,
    repository: asked.repository,
    file,
    format: formatOf(file),
    user: asked.repository.owner,
    unit,
    environment: unit === undefined ? {} : unitEnvironment(machine, name),
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
  const steps = [...folder.flatMap(create), ...secrets, ...dropIn, ...file]
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
