#!/usr/bin/env node
// Parses the command line, starts the command, prints errors, and sets the exit code.

import { readFileSync } from 'node:fs'
import type { CommandLine } from './commands/command-line.ts'
import { nextStopSignal } from './commands/stop-signal.ts'
import { disableOptimizer } from './daemon/v8-flags.ts'
import type { Flags } from './settings/load.ts'
import type { Settings } from './settings/settings.ts'
import { versionLine } from './util/build.ts'

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const
type GivenCommand = CommandLine & { kind: 'command' }
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Checked before anything else is loaded: an older Node can't parse the libraries. */
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
      return print(`${versionLine(readVersion())}\n`)
    case 'help':
      return print((await import('./commands/help.ts')).help())
    case 'misuse':
      return misuse(line.problem)
    case 'command':
      return line.name === 'run' ? runDaemon(line) : runCommandLine(line.name, line)
  }
}

async function runDaemon({ flags }: GivenCommand): Promise<ExitCode> {
  const stopSignal = nextStopSignal()
  disableOptimizer()
  const { loadSettings } = await import('./settings/load.ts')
  const settings = await loadSettings(flags, process.env)
  const { runCommand } = await import('./commands/run.ts')
  return runCommand(settings, readVersion(), stopSignal)
}

async function runCommandLine(
  name: Exclude<GivenCommand['name'], 'run'>,
  { operands, options, flags, setup, report }: GivenCommand,
): Promise<ExitCode> {
  const printLine = (line: string) => print(`${line}\n`)
  if (name === 'setup') {
    const { setupCommand } = await import('./commands/setup.ts')
    const mode = options.has('dry-run') ? 'dry run' : options.has('yes') ? 'yes' : 'ask'
    return setupCommand(mode, flags, setup, printLine, printError)
  }
  const { loadSettings, settingOrigins } = await import('./settings/load.ts')
  if (name === 'check') {
    const { checkCommand } = await import('./commands/check.ts')
    const load = async () => ({
      settings: await loadSettings(flags, process.env),
      origins: await settingOrigins(flags, process.env),
    })
    return checkCommand(load, process.stdout)
  }
  const settings = await loadSettings(flags, process.env)
  switch (name) {
    case 'push': {
      const { pushCommand } = await import('./commands/push.ts')
      return pushCommand(settings, readVersion())
    }
    case 'status': {
      const { statusCommand } = await import('./commands/status.ts')
      const form = options.has('json') ? 'json' : options.has('watch') ? 'watch' : 'table'
      return statusCommand(settings, form, process.stdout, printError)
    }
    case 'report': {
      const { parseReportFormat, parseSince, reportCommand } = await import('./commands/report.ts')
      const format = parseReportFormat(report.format)
      return reportCommand(settings, { sinceSeconds: parseSince(report.since), format }, print)
    }
    case 'verify': {
      const { verifyCommand } = await import('./commands/verify.ts')
      const streams = { output: process.stdout, messages: process.stderr, printError }
      return verifyCommand(settings, operands, options.has('json') ? 'json' : 'table', streams)
    }
    case 'backfill': {
      const { backfillCommand } = await import('./commands/backfill.ts')
      const output = { data: process.stdout, messages: process.stderr }
      return backfillCommand(settings, operands[0] ?? '-', output)
    }
    case 'forget':
      return forget(settings, options, flags)
    case 'install-hooks':
    case 'uninstall-hooks': {
      const { installHooksCommand, uninstallHooksCommand } = await import('./commands/install-hooks.ts')
      const targets = options.has('global')
        ? ({ kind: 'global' } as const)
        : ({ kind: 'sources', names: operands } as const)
      return name === 'install-hooks'
        ? installHooksCommand(settings, targets, new URL('..', import.meta.url), printLine)
        : uninstallHooksCommand(settings, targets, printLine)
    }
  }
}

async function forget(
  settings: Settings,
  options: GivenCommand['options'],
  { config }: Flags,
): Promise<ExitCode> {
  const printLine = (line: string) => print(`${line}\n`)
  if (options.has('sources')) {
    const { forgetSourcesCommand } = await import('./commands/forget-sources.ts')
    return forgetSourcesCommand(settings, Date.now() / 1000, printLine, printError)
  }
  const { forgetCommand } = await import('./commands/forget.ts')
  const { loadSettings } = await import('./settings/load.ts')
  return forgetCommand(settings, await loadSettings({ config }, process.env), printLine, printError)
}

function misuse(problem: string): ExitCode {
  printError(`${problem}; see --help`)
  return exitCodes.usage
}

function print(text: string): ExitCode {
  process.stdout.write(text)
  return exitCodes.ok
}

/** An expected error is one line. Any other error is a bug, so its stack is printed. */
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

/** A reader such as `head` may close its end: that is no error. */
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
