// Talks to systemd.

import { execa } from 'execa'
import { serviceOf } from './units.ts'

/** Whom a service of the system runs as, with all its drop-ins; undefined where systemd does not answer. */
export async function userOfUnit(unit: string): Promise<string | undefined> {
  const parameters = ['show', '--property=User', '--value', serviceOf(unit)]
  const { failed, stdout } = await execa('systemctl', parameters, { reject: false })
  return failed ? undefined : String(stdout ?? '').trim() || 'root'
}

/** Throws an Error with systemd's reason where it fails. */
export async function systemctl(parameters: readonly string[]): Promise<void> {
  const result = await execa('systemctl', parameters, { reject: false, all: true, env: userBus() })
  if (!result.failed) return
  const output = String(result.all ?? '')
    .trim()
    .split('\n')
  // systemctl enable tells first which links it made.
  const reason = output.find((line) => /failed|error/i.test(line)) ?? output[0] ?? ''
  throw new Error(`systemctl ${parameters.join(' ')}: ${reason || (result.originalMessage ?? 'it failed')}`)
}

/** A shell of su has no address of the user's systemd, which is in this folder (systemctl(1), --user). */
export function userBus(): Record<string, string> {
  const userId = process.getuid?.() ?? 0
  return process.env.XDG_RUNTIME_DIR || userId === 0 ? {} : { XDG_RUNTIME_DIR: `/run/user/${userId}` }
}
