// Reads YAML. In a file of its own, so that the large parser is loaded only if there is a configuration file.

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** Returns the parsed content of the file; throws if it can't be read or is not YAML. */
export function readYamlFile(path: string): unknown {
  return parse(readFileSync(path, 'utf8'))
}
