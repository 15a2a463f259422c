// Reads and writes the lines of the agent's configuration files: YAML, or the environment of a user's unit.

import { isSettingName, type SettingName, settingNames } from '../settings/names.ts'
import { declarations } from '../settings/schema.ts'
import { settingsInYaml } from '../settings/yaml-file.ts'
import type { SettingsFile } from './facts.ts'
import { type Format, formatOf } from './places.ts'

export type Values = Readonly<Partial<Record<SettingName, string>>>

/** What the file at `path` sets. `text` is undefined where there is none. Throws a ConfigError where YAML can't be understood. */
export function settingsFileOf(text: string | undefined, path: string): SettingsFile {
  if (text === undefined) return { kind: 'absent' }
  const values = formatOf(path) === 'yaml' ? yamlValues(text, path) : environmentValues(text)
  return Object.keys(values).length === 0 ? { kind: 'idle', text } : { kind: 'active', values }
}

function yamlValues(text: string, path: string): Record<string, string> {
  const settings = Object.entries(settingsInYaml(text, path))
  return Object.fromEntries(settings.map(([name, value]) => [name, value === null ? '' : String(value)]))
}

/** The variables of a file that systemd reads (systemd.exec(5), EnvironmentFile=). */
export function variablesIn(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').map((line) => /^\s*(\w+)=(.*?)\s*$/.exec(line))
  return Object.fromEntries(lines.flatMap((found) => (found ? [[found[1], unquoted(found[2] ?? '')]] : [])))
}

/** Settings by name; a variable that is no setting keeps its own name, since it makes the file one that is in use. */
function environmentValues(text: string): Record<string, string> {
  const names = new Map<string, string>(settingNames().map((name) => [declarations[name].environment, name]))
  return Object.fromEntries(
    Object.entries(variablesIn(text)).map(([variable, value]) => [names.get(variable) ?? variable, value]),
  )
}

function unquoted(value: string): string {
  const [, quote, inner = ''] = /^(["'])(.*)\1$/.exec(value) ?? []
  if (quote === undefined) return value
  return quote === '"' ? inner.replace(/\\(["\\`$])/g, '$1') : inner
}

/** One line that sets a value. */
export function settingLine(name: string, value: string, format: Format): string {
  if (format === 'yaml') return `${name}: ${isPlain(value) ? value : JSON.stringify(value)}`
  const variable = isSettingName(name) ? declarations[name].environment : name
  const isBare = /^[\w./:@=,+-]*$/.test(value)
  return `${variable}=${isBare ? value : `"${value.replace(/["\\`$]/g, '\\$&')}"`}`
}

/** URLs and paths need no quotes in YAML. */
function isPlain(value: string): boolean {
  return /^(https?:\/\/|\/)[\w./:@%+-]+$/.test(value) && !value.endsWith(':')
}

/** The lines of all values, in the order in which the settings are declared. */
export function settingLines(values: Values, format: Format): readonly string[] {
  return settingNames().flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [settingLine(name, value, format)]
  })
}
