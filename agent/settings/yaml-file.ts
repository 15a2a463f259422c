// YAML, loaded by those alone that have a file in it: the parser is large.

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** What the file holds; throws where it can't be read or is no YAML. */
export function readYamlFile(path: string): unknown {
  return parse(readFileSync(path, 'utf8'))
}
