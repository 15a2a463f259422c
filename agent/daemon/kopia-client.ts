// Makes Kopia's CLI of the settings.

import { join } from 'node:path'
import { createKopia, type Kopia } from '../kopia/cli/client.ts'
import type { KopiaOptions } from '../kopia/cli/exec.ts'
import type { Settings } from '../settings/settings.ts'

type Listeners = Pick<KopiaOptions, 'signal' | 'onBegin' | 'onCall' | 'onLongAnswer'>

const untilDone: Listeners = { signal: new AbortController().signal, onCall: () => undefined }

/** Binds the CLI. The daemon adds a signal that ends its calls, and counts them. */
export function kopiaOf(settings: Settings, listeners: Listeners = untilDone): Kopia {
  return createKopia({
    binary: settings.kopiaBinary,
    timeLimitMs: settings.kopiaTimeLimitMs,
    configPath: settings.kopiaConfigPath,
    password: settings.kopiaPassword,
    logDirectory: settings.kopiaLogDirectory,
    ownLogDirectory: join(settings.stateDirectory, 'kopia-logs'),
    ...listeners,
  })
}
