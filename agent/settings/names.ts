// The names of the settings: keys of the configuration file, and flags.

import { declarations } from './schema.ts'

export type SettingName = keyof typeof declarations

/** The flag of a setting without the leading dashes, such as `pushgateway-url`. */
export function flagOf(name: SettingName): string {
  return name.replaceAll('_', '-')
}

/** The name of what a setting `…_file` holds, such as `kopia-password`: systemd's credential is `kopia-metrics-agent.kopia-password`. */
export function secretNameOf(name: SettingName): string {
  return flagOf(name).replace(/-file$/, '')
}

/** How systemd hands it to the service (systemd.exec(5), "LoadCredential="). */
export function credentialNameOf(name: SettingName): string {
  return `kopia-metrics-agent.${secretNameOf(name)}`
}

/** The names of all settings, in the order of their declaration. */
export function settingNames(): readonly SettingName[] {
  return Object.keys(declarations).filter(isSettingName)
}

/** Whether a setting has this name. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(declarations, name)
}

/** Collects the values of the settings for which `textOf` has one. */
export function stringsByName(textOf: (name: SettingName) => string | undefined): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of settingNames()) {
    const value = textOf(name)
    if (value !== undefined) found[name] = value
  }
  return found
}
