// What a person has to do after a setup: in scripts of their own, in files that are kept, for hooks.

import { defaultStateDirectory } from '../settings/default-folders.ts'
import { shellWord } from '../util/shell-word.ts'
import type { AgentSettings } from './agent-settings.ts'
import type { Machine } from './facts.ts'
import { type Answers, type Assignment, type PlannedAgent, secretSettings } from './plan-types.ts'
import { settingLine, type Values } from './settings-file.ts'

type Planned = {
  readonly assignment: Assignment
  readonly settings: AgentSettings
  readonly agent: PlannedAgent
}

/** The advice for one agent, each a paragraph. */
export function adviceFor(planned: Planned, machine: Machine, answers: Answers): readonly string[] {
  return [
    ...logAdvice(planned, machine),
    ...missingLines(planned, machine, answers),
    ...hookAdvice(planned, machine, answers),
    ...silenceAdvice(planned),
    ...runAdvice(planned, machine, answers),
  ]
}

function logAdvice({ assignment, settings, agent }: Planned, machine: Machine): readonly string[] {
  const { configPath, startedBy, logDirectory } = agent.repository
  if (startedBy === 'KopiaUI' && agent.name !== undefined) {
    return [
      `KopiaUI logs for all its repositories in ${logDirectory}: the agents tell them apart by the processes, so they must run on ` +
        'this machine and not in a container (docs/your-setup.md, "KopiaUI")',
    ]
  }
  if (settings.separateLogs === undefined || isTold(assignment, machine)) return []
  const words = [
    `KOPIA_CONFIG_PATH=${shellWord(configPath)}`,
    `KOPIA_LOG_DIR=${shellWord(settings.separateLogs)}`,
  ]
  const by = agent.user.userId === machine.self.userId ? '' : `, as ${agent.user.name}`
  return [
    `Kopia logs for several repositories in ${logDirectory}, and its logs do not name the repository. Wherever you start Kopia for ` +
      `${configPath} (unit, cron job, script), set${by}:\n  export ${words.join(' ')}\n` +
      'Until then failed backups of this repository stay unseen.',
  ]
}

/** Whether an agent that exists reads a log directory of its own already. */
function isTold({ state, file }: Assignment, machine: Machine): boolean {
  const found = machine.files.get(file)
  return state === 'existing' && found?.kind === 'active' && (found.values.kopia_log_dir ?? '') !== ''
}

/** Files with secrets that the configuration has to name: systemd's credentials are not among the settings. */
function secretFiles(values: Values): Values {
  return Object.fromEntries(
    secretSettings.flatMap((setting) => (values[setting] === undefined ? [] : [[setting, values[setting]]])),
  )
}

/** A file in use is never changed: what was asked for otherwise is told. */
function missingLines(
  { assignment, agent, settings }: Planned,
  machine: Machine,
  answers: Answers,
): readonly string[] {
  const found = machine.files.get(assignment.file)
  if (assignment.state !== 'existing' || found?.kind !== 'active') return []
  const wanted = {
    ...answers.settings,
    ...secretFiles(settings.values),
    ...(settings.separateLogs !== undefined &&
      found.values.kopia_log_dir === undefined && { kopia_log_dir: settings.separateLogs }),
  }
  const lines = Object.entries(wanted)
    .filter(([name, value]) => value !== undefined && found.values[name] !== value)
    .map(([name, value]) => `  ${settingLine(name, value ?? '', agent.format)}`)
  return lines.length === 0
    ? []
    : [
        `${assignment.file} is in use and stays as it is. To have what you asked for, set there:\n${lines.join('\n')}`,
      ]
}

function hookAdvice({ assignment, agent }: Planned, machine: Machine, { hooks }: Answers): readonly string[] {
  const { answer } = assignment.asked
  if (answer.kind !== 'open' || answer.blindSources.length === 0) return []
  const sources = answer.blindSources.map(shellWord).join(' ')
  // Without it the command would change the default repository of whoever runs it.
  const path = shellWord(agent.repository.configPath)
  const which = agent.repository.isDefault ? '' : `--kopia-config-path=${path} `
  const as = agent.user.userId === machine.self.userId ? '' : ` as ${agent.user.name}`
  const run = `run${as}: kopia-metrics-agent install-hooks ${which}${sources}`
  if (!answer.areActionsEnabled) {
    return [
      `Kopia writes no logs of backups of ${agent.repository.configPath}, so failed ones leave no trace. Let it write its logs, or ` +
        `connect the repository with --enable-actions, then ${run}`,
    ]
  }
  if (hooks === 'never') {
    return [`without logs and hooks, failed backups leave no trace; to install the hooks, ${run}`]
  }
  return isFoundByHooks(agent, machine)
    ? []
    : [
        `the hooks for ${agent.repository.configPath} find their agent by a variable; set it wherever you start Kopia:\n` +
          `  export KOPIA_METRICS_STATE_DIR=${shellWord(agent.stateFolder)}`,
      ]
}

/** By themselves the hooks look in the usual places only (hooks/record-event.sh). */
function isFoundByHooks({ stateFolder, user }: PlannedAgent, { platform }: Machine): boolean {
  return [user.userId, 0].some(
    (userId) => stateFolder === defaultStateDirectory({}, { platform, userId, home: user.home }),
  )
}

function silenceAdvice({ assignment: { asked } }: Planned): readonly string[] {
  return asked.answer.kind === 'silent'
    ? [
        `${asked.repository.configPath} does not answer now (${asked.answer.reason}): once it does, run "kopia-metrics-agent check"`,
      ]
    : []
}

function runAdvice(
  { agent }: Planned,
  { manager, self, platform }: Machine,
  answers: Answers,
): readonly string[] {
  if (agent.unit !== undefined) return []
  const why = reasonFor(manager.kind === 'none' ? manager.reason : undefined, answers)
  const as = agent.user.userId === self.userId ? '' : `, as ${agent.user.name}`
  const file = `--config=${shellWord(agent.file)}`
  const launchd = platform === 'darwin' ? launchdWords(agent, answers) : ''
  return [
    `nothing is started here: ${why}. Run the agent all the time${as}${launchd}:\n  kopia-metrics-agent run ${file}\n` +
      `or from cron, after each backup:\n  kopia-metrics-agent push ${file}`,
  ]
}

/** The property list names no configuration file. */
function launchdWords({ name }: PlannedAgent, { configFile }: Answers): string {
  return name === undefined && configFile === undefined
    ? ' (deploy/launchd has a plist that does it)'
    : ' (deploy/launchd has a plist: this agent needs a copy with a Label, a log and this command of its own)'
}

function reasonFor(reason: string | undefined, { configFile }: Answers): string {
  if (reason !== undefined) return reason
  return configFile === undefined ? '--unit=none asks for that' : 'no unit reads this configuration file'
}
