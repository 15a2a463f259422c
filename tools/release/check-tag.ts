// Whether a tag may become a release: `npm run release:check -- v0.2.0`. It is that of the version in package.json, and the
// changelog tells what is in it. Exits with 1 and one line for each problem.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { versionIn } from '../manifest.ts'
import { sectionsOf, unreleased } from './changelog.ts'

/** What a release is judged by. */
export type Candidate = {
  readonly tag: string
  /** The version in package.json. */
  readonly version: string
  /** The version in package-lock.json. */
  readonly lockedVersion: string
  readonly changelog: string
}

/** Everything that speaks against the release, one line each. */
export function problemsOf({ tag, version, lockedVersion, changelog }: Candidate): readonly string[] {
  const sections = sectionsOf(changelog)
  const released = sections.find((section) => section.version === version)
  const waiting = sections.find((section) => section.version === unreleased)
  return [
    ...(tag === `v${version}`
      ? []
      : [`package.json has the version ${version}: expected the tag v${version}, found ${tag}`]),
    // npm and the packages' managers would sort others in different ways.
    ...(/^\d+\.\d+\.\d+$/.test(version)
      ? []
      : [`package.json: expected a version of three numbers, found ${version}`]),
    ...(lockedVersion === version
      ? []
      : [`package-lock.json: expected the version ${version}, found ${lockedVersion}; run "npm install"`]),
    ...sectionProblems(version, released?.date, released?.text ?? ''),
    ...(waiting === undefined || waiting.text === ''
      ? []
      : [
          `CHANGELOG.md: move what is under "${unreleased}" to "${version}", or release it later from another commit`,
        ]),
  ]
}

function sectionProblems(version: string, date: string | undefined, text: string): readonly string[] {
  return date !== undefined && isDay(date) && text !== ''
    ? []
    : [`CHANGELOG.md: expected a heading "## ${version} - YYYY-MM-DD" with text below it, found none`]
}

/** JavaScript takes the 31st of November for the 1st of December. */
function isDay(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`)
  return Number.isFinite(time) && new Date(time).toISOString().slice(0, 10) === date
}

if (import.meta.main) {
  const pathOf = (name: string) => join(import.meta.dirname, '../..', name)
  const [tag] = process.argv.slice(2)
  if (tag === undefined) throw new Error('expected a tag, such as: npm run release:check -- v0.2.0')
  const problems = problemsOf({
    tag,
    version: await versionIn(pathOf('package.json')),
    lockedVersion: await versionIn(pathOf('package-lock.json')),
    changelog: await readFile(pathOf('CHANGELOG.md'), 'utf8'),
  })
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}
