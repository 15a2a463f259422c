// Why a setup can't be carried out, each problem with what to do.

import { join } from 'node:path'
import type { Asked, Machine, UnitState } from './facts.ts'
import { ownFolder, systemFolder } from './places.ts'
import type { Answers, PlannedAgent } from './plan-types.ts'
import { plainUnit, serviceOf, timerUnit, unitOf } from './units.ts'

/** What contradicts itself in the answers. */
export function problemsWithAnswers(
  asked: readonly Asked[],
  machine: Machine,
  answers: Answers,
): readonly string[] {
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

/** A repository that can't be opened can't be watched. */
export function problemsWithRepository({ repository: { configPath }, answer }: Asked): readonly string[] {
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

/** What the units of this machine do already, and would go on doing beside the plan. */
export function problemsWithUnits(
  agent: PlannedAgent,
  machine: Machine,
  { settings }: Answers,
): readonly string[] {
  const { manager, units } = machine
  const { unit, name, state } = agent
  if (unit === undefined || manager.kind !== 'system') return []
  const twin = name !== undefined ? undefined : unit === timerUnit ? plainUnit : timerUnit
  return [
    ...(twin !== undefined && isInUse(units.get(twin))
      ? [
          `${twin} is in use, and ${unit} would be a second agent: choose one, and stop that by "systemctl disable --now ${twin}"`,
        ]
      : []),
    ...problemsWithOwnFile(agent, machine),
    ...problemsWithUser(agent, unit, units.get(serviceOf(unit))?.user || 'root'),
    ...(state === 'new' &&
    name !== undefined &&
    (settings.grouping !== undefined || settings.listen !== undefined)
      ? [
          `--grouping and --listen: ${unit} sets them itself; leave them out, and set them in ${join(systemFolder, `${name}.env`)}`,
        ]
      : []),
  ]
}

function isInUse(state: UnitState | undefined): boolean {
  return state !== undefined && (state.isEnabled || state.isActive)
}

/** The configuration file of the user that a unit runs as counts before the one in /etc. */
function problemsWithOwnFile(
  { name, user, file }: PlannedAgent,
  { others, platform }: Machine,
): readonly string[] {
  const own = join(ownFolder(user, platform), 'config.yaml')
  return name === undefined && user.userId !== 0 && others.has(own)
    ? [
        `${own} would count instead of ${file}, since the agent runs as ${user.name}: remove it, or choose another unit by --name=${user.name}`,
      ]
    : []
}

/** An agent that runs as somebody else finds other logs than those of this repository, or none. */
function problemsWithUser(
  { state, user, repository }: PlannedAgent,
  unit: string,
  runsAs: string,
): readonly string[] {
  // Setup writes the drop-in of a new agent.
  const isRight = runsAs === user.name || (state === 'new' && runsAs === 'root')
  const service = serviceOf(unit)
  return isRight
    ? []
    : [
        `${service} runs as ${runsAs}, and ${repository.configPath} is of ${user.name}: correct User= there (systemctl edit ${service}), or choose another unit by --name=NAME`,
      ]
}
