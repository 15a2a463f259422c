// Runs a command of this program as the agent that its unit starts: the same user, settings and secrets.

import { chmod, chown, copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { credentialNameOf } from '../settings/names.ts'
import { secretPath, usesCredentials } from './agent-settings.ts'
import type { Machine } from './facts.ts'
import type { Files } from './files.ts'
import { type PlannedAgent, secretSettings } from './plan-types.ts'
import { bareEnvironment, launcherFor } from './run-as.ts'
import { variablesIn } from './settings-file.ts'

const scratchName = 'kopia-metrics-agent-'

/** Resolves with the exit code. What the command prints goes to this program's own output. */
export async function runAgent(
  agent: PlannedAgent,
  machine: Machine,
  files: Files,
  parameters: readonly string[],
): Promise<number> {
  // At Ctrl-C the command ends, and then this program, after it has removed the secrets.
  let isInterrupted = false
  const outlive = () => {
    isInterrupted = true
  }
  process.on('SIGINT', outlive)
  const credentials = usesCredentials(machine, agent.unit)
    ? await mkdtemp(join(tmpdir(), scratchName))
    : undefined
  const launcher = launcherFor(agent.user, machine.self)
  const [program = process.execPath, ...before] = [...launcher, process.execPath, ...process.execArgv]
  try {
    if (credentials !== undefined) await copyCredentials(credentials, agent, machine, files)
    const result = await execa(
      program,
      [...before, process.argv[1] ?? '', ...parameters, ...fileFlag(agent)],
      {
        env: {
          ...bareEnvironment(process.env, agent.unit),
          HOME: agent.user.home,
          ...(await unitVariables(agent, files)),
          ...(credentials !== undefined && { CREDENTIALS_DIRECTORY: credentials }),
        },
        extendEnv: false,
        // The folder of root's shell is closed to others.
        ...(launcher.length > 0 && { cwd: '/' }),
        stdio: ['ignore', 'inherit', 'inherit'],
        reject: false,
      },
    )
    return result.exitCode ?? 1
  } finally {
    if (credentials !== undefined) await rm(credentials, { recursive: true, force: true })
    process.off('SIGINT', outlive)
    if (isInterrupted) process.kill(process.pid, 'SIGINT')
  }
}

function fileFlag({ file, format }: PlannedAgent): readonly string[] {
  return format === 'yaml' ? [`--config=${file}`] : []
}

/** What the unit sets, and the files in its EnvironmentFile= lines. */
export async function unitVariables(
  { environment, file, format, name }: Pick<PlannedAgent, 'environment' | 'file' | 'format' | 'name'>,
  files: Files,
): Promise<Readonly<Record<string, string>>> {
  const extra = format === 'environment' ? file : name && join(dirname(file), `${name}.env`)
  const text = extra === undefined ? undefined : await files.read(extra)
  return { ...environment, ...variablesIn(text ?? '') }
}

/** Copies the secrets that exist, under the names by which systemd hands them to the service. */
async function copyCredentials(
  folder: string,
  agent: PlannedAgent,
  machine: Machine,
  files: Files,
): Promise<void> {
  for (const setting of secretSettings) {
    const from = secretPath(machine, agent, agent.unit, setting)
    if ((await files.ownerOf(from)) === undefined) continue
    const copy = join(folder, credentialNameOf(setting))
    await copyFile(from, copy)
    await chmod(copy, 0o400)
    await chown(copy, agent.user.userId, agent.user.groupId)
  }
  await chown(folder, agent.user.userId, agent.user.groupId)
}
