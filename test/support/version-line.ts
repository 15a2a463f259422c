// What --version must print.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildName } from '../../tools/build-name.ts'
import { projectFolder } from './tools.ts'

const manifest: { version: string } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'))

/** The version in package.json. */
export const packageVersion = manifest.version

/** Matches the output of a program that was bundled from this checkout, on Linux. */
export function bundledVersionLine(): RegExp {
  return lineWith(`build ${buildName(projectFolder, process.env)}`)
}

/** Matches the output of the sources. */
export function sourcesVersionLine(): RegExp {
  return lineWith('run from sources')
}

function lineWith(build: string): RegExp {
  const version = packageVersion.replaceAll('.', '\\.')
  return new RegExp(
    `^kopia-metrics-agent ${version} \\(${build}, Node v22\\.\\d+\\.\\d+, linux (x64|arm64)\\)\\n$`,
  )
}
