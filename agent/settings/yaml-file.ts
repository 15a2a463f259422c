// The configuration file as YAML. In a file of its own, so that the large parser is loaded only if there is a configuration file.

import { parse } from 'yaml'
import { firstLine } from '../util/error-text.ts'
import { ConfigError } from './config-error.ts'

/** What the text of the file at `path` sets; throws a ConfigError where it is no YAML, or sets nothing by name. */
export function settingsInYaml(text: string, path: string): Readonly<Record<string, unknown>> {
  const content = parsed(text, path)
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigError(`${path}: expected lines of the form "setting: value"`)
  }
  return { ...content }
}

/** A file without a line but comments sets nothing. */
function parsed(text: string, path: string): unknown {
  try {
    return parse(text) ?? {}
  } catch (error) {
    throw new ConfigError(`${path}: it can't be read as YAML: ${firstLine(error)}`)
  }
}
