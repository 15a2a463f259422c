// Kopia's CLI as the settings describe it, for commands that ask a few questions and end.

import { createKopia, type Kopia } from '../kopia/cli/client.ts'
import type { KopiaOptions } from '../kopia/cli/exec.ts'
import type { Settings } from '../settings/settings.ts'

type Listeners = Pick<KopiaOptions, 'signal' | 'onBegin' | 'onCall' | 'onLongAnswer'>

const untilDone: Listeners = { signal: new AbortController().signal, onCall: () => undefined }

/** Binds the CLI; a daemon adds how its calls are ended and counted. */
export function kopiaOf(settings: Settings, listeners: Listeners = untilDone): Kopia {
  return createKopia({
    binary: settings.kopiaBinary,
    timeLimitMs: settings.kopiaTimeLimitMs,
    configPath: settings.kopiaConfigPath,
    password: settings.kopiaPassword,
    logDirectory: settings.kopiaLogDirectory,
    ...listeners,
  })
}
