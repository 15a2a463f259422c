// The format of a hook's event: `NAME=value` entries, each ended by a NUL, because no path can contain one.

import type { HookCall } from '../kopia/runs/run.ts'

/** More than an event needs: the only long entry is a path, of at most 4096 bytes on Linux (PATH_MAX, limits.h). */
export const largestEventBytes = 32 * 1024

/** Parses the bytes of an event file; `at` is the file's time in Unix seconds. Throws an Error that says what is wrong. */
export function parseEvent(bytes: Buffer, at: number): HookCall {
  if (bytes.length > largestEventBytes) throw new Error(`it has more than ${largestEventBytes} bytes`)
  if (bytes.at(-1) !== 0) throw new Error('its last entry is cut off')
  const entries = new Map(bytes.toString('utf8').split('\0').slice(0, -1).map(parseEntry))
  const processId = Number(entries.get('PARENT_PID'))
  if (!Number.isInteger(processId) || processId <= 0) throw new Error('PARENT_PID is no process id')
  const exitCode = entries.get('ACTION_EXIT_CODE') ?? ''
  return {
    // The hooks of 0.1.0 ran no action and named no phase. A policy may still name them after an upgrade.
    phase: parsePhase(entries.get('PHASE') ?? 'call'),
    ...(/^\d{1,3}$/.test(exitCode) && { actionExitCode: Number(exitCode) }),
    ...(entries.get('ACTION_MODE') === 'essential' && { actionIsEssential: true as const }),
    action: parseAction(entries.get('KOPIA_ACTION')),
    callId: required(entries, 'KOPIA_SNAPSHOT_ID'),
    path: required(entries, 'KOPIA_SOURCE_PATH'),
    processId,
    at,
  }
}

function parseEntry(entry: string): [string, string] {
  const equals = entry.indexOf('=')
  if (equals < 1) throw new Error('an entry is not of the form NAME=value')
  return [entry.slice(0, equals), entry.slice(equals + 1)]
}

function parseAction(text: string | undefined): HookCall['action'] {
  if (text === 'before-snapshot-root') return 'before'
  if (text === 'after-snapshot-root') return 'after'
  throw new Error(`KOPIA_ACTION is ${JSON.stringify(text ?? '')}, not before- or after-snapshot-root`)
}

function parsePhase(text: string): HookCall['phase'] {
  if (text === 'call' || text === 'begin' || text === 'end') return text
  throw new Error(`PHASE is ${JSON.stringify(text)}, not call, begin or end`)
}

function required(entries: ReadonlyMap<string, string>, name: string): string {
  const value = entries.get(name)
  if (value === undefined || value === '') throw new Error(`${name} is missing`)
  return value
}
