#!/usr/bin/env node
// The commands. Only this file prints to the terminal and ends the process.

import { readFileSync } from 'node:fs'
import type { CommandLine } from './commands/command-line.ts'
import { disableOptimizer } from './daemon/v8-flags.ts'

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const
type GivenCommand = CommandLine & { kind: 'command' }
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Checked before anything else is loaded: the libraries do not even parse on an old Node. */
const oldestNode = [22, 22] as const

function isNodeTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
}

function printError(message: string): void {
  process.stderr.write(`kopia-metrics-agent: ${message}\n`)
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : ''
}

async function main(arguments_: readonly string[]): Promise<ExitCode> {
  const { parseCommandLine } = await import('./commands/command-line.ts')
  const line = parseCommandLine(arguments_)
  switch (line.kind) {
    case 'version':
      return print(`${readVersion()}\n`)
    case 'help':
      return print((await import('./commands/help.ts')).help())
    case 'misuse':
      return misuse(line.problem)
    case 'command':
      return runCommandLine(line)
  }
}

async function runCommandLine({ name, operands, options, flags }: GivenCommand): Promise<ExitCode> {
  if (name === 'run') disableOptimizer()
  const { loadSettings, settingPlaces } = await import('./settings/load.ts')
  if (name === 'check') {
    const { checkCommand } = await import('./commands/check.ts')
    const load = async () => ({
      settings: await loadSettings(flags, process.env),
      places: await settingPlaces(flags, process.env),
    })
    return checkCommand(load, process.stdout)
  }
  const settings = await loadSettings(flags, process.env)
  const printLine = (line: string) => print(`${line}\n`)
  switch (name) {
    case 'run':
    case 'push': {
      const { pushCommand, runCommand } = await import('./commands/agent-commands.ts')
      return (name === 'run' ? runCommand : pushCommand)(settings, readVersion())
    }
    case 'status': {
      const { showStatus } = await import('./commands/status.ts')
      const form = options.has('json') ? 'json' : options.has('watch') ? 'watch' : 'table'
      return showStatus(settings, form, process.stdout, printError)
    }
    case 'backfill': {
      const { makeBackfill } = await import('./commands/backfill.ts')
      const output = { data: process.stdout, talk: process.stderr }
      return makeBackfill(settings, operands[0] ?? '-', output)
    }
    case 'forget': {
      const { forget } = await import('./commands/forget.ts')
      return forget(
        settings,
        await loadSettings({ config: flags.config }, process.env),
        printLine,
        printError,
      )
    }
    case 'install-hooks':
    case 'uninstall-hooks': {
      const { hooksCommand, installHooks, uninstallHooks } = await import('./commands/install-hooks.ts')
      const change = name === 'install-hooks' ? installHooks : uninstallHooks
      const targets = options.has('global')
        ? ({ kind: 'global' } as const)
        : ({ kind: 'sources', names: operands } as const)
      return hooksCommand(settings, change, targets, printLine)
    }
  }
}

function misuse(problem: string): ExitCode {
  printError(`${problem}; see --help`)
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
    printError(error.message.split('\n')[0] ?? '')
    return exitCodes.usage
  }
  printError(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}

/** Whoever reads has had enough, as `head` has. */
function endOnClosedPipe(error: Error): void {
  if (!('code' in error && error.code === 'EPIPE')) throw error
  process.exit()
}

process.stdout.on('error', endOnClosedPipe)
if (isNodeTooOld(process.versions.node)) {
  printError(`it needs Node ${oldestNode.join('.')} or newer, and this is ${process.versions.node}`)
  process.exitCode = exitCodes.usage
} else {
  process.exitCode = await main(process.argv.slice(2)).catch(explain)
}
