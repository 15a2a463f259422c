// Reads the files that settings name.

import { readFileSync } from 'node:fs'
import { firstLine } from '../util/error-text.ts'
import { ConfigError } from './config-error.ts'
import type { SettingName } from './names.ts'

/** The secret from its file if one is set, else the setting itself. */
export function secretOf(
  values: Record<SettingName, string>,
  name: 'kopia_password' | 'pushgateway_password',
): string {
  const path = values[`${name}_file`]
  return path === '' ? values[name] : readSecret(`${name}_file`, path)
}

/** What the file holds, without space around it; throws a ConfigError where it can't be read. */
export function readSecret(name: SettingName, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(`${name}: ${path} can't be read: ${firstLine(error)}`)
  }
}
