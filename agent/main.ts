#!/usr/bin/env node
// The commands. Only this file prints to the terminal and ends the process.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Checked before anything else is loaded: the libraries do not even parse on an old Node. */
const oldestNode = [22, 22] as const

function isNodeTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
}

function complain(message: string): void {
  process.stderr.write(`kopia-metrics-agent: ${message}\n`)
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : ''
}

async function main(arguments_: readonly string[]): Promise<ExitCode> {
  const { flagOf, loadSettings, settingNames } = await import('./config.ts')
  const { help } = await import('./help.ts')
  const options = {
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
    global: { type: 'boolean' },
    config: { type: 'string' },
    ...Object.fromEntries(settingNames().map((name) => [flagOf(name), { type: 'string' }] as const)),
  } as const
  const { values, positionals } = parseArgs({ args: [...arguments_], options, allowPositionals: true })
  const { help: isHelpWanted, version: isVersionWanted, global: isGlobal, ...flags } = values
  if (isVersionWanted) return print(`${readVersion()}\n`)
  if (isHelpWanted) return print(help())
  const [command = '', ...names] = positionals
  const takesTargets = ['install-hooks', 'uninstall-hooks'].includes(command)
  const hasTargets = names.length > 0 !== (isGlobal === true)
  if (!takesTargets && (!['run', 'push'].includes(command) || names.length > 0 || isGlobal)) {
    return misuse(`expected one command, found "${positionals.join(' ')}"`)
  }
  if (takesTargets && !hasTargets) return misuse(`${command}: expected either sources or --global`)
  const settings = loadSettings(flags, process.env)
  const { hooksCommand, pushCommand, runCommand } = await import('./commands.ts')
  if (command === 'run') return runCommand(settings, readVersion())
  if (command === 'push') return pushCommand(settings, readVersion())
  const { installHooks, uninstallHooks } = await import('./install-hooks.ts')
  const change = command === 'install-hooks' ? installHooks : uninstallHooks
  const targets = isGlobal ? ({ kind: 'global' } as const) : ({ kind: 'sources', names } as const)
  return hooksCommand(settings, change, targets, (line) => print(`${line}\n`))
}

function misuse(problem: string): ExitCode {
  complain(`${problem}; see --help`)
  return exitCodes.usage
}

function print(text: string): ExitCode {
  process.stdout.write(text)
  return exitCodes.ok
}

/** Expected faults are one line; anything else is a bug and shows where it is. */
function explain(error: unknown): ExitCode {
  const isUsage =
    error instanceof Error &&
    (error.name === 'ConfigError' || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')))
  if (isUsage) {
    complain(error.message.split('\n')[0] ?? '')
    return exitCodes.usage
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}

if (isNodeTooOld(process.versions.node)) {
  complain(`it needs Node ${oldestNode.join('.')} or newer, and this is ${process.versions.node}`)
  process.exitCode = exitCodes.usage
} else {
  process.exitCode = await main(process.argv.slice(2)).catch(explain)
}
