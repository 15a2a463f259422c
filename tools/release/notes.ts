// The notes of a release, out of the changelog: `npm run --silent release:notes` prints those of the version in package.json,
// `-- 0.1.0` those of another. What is not released yet is printed where the version has no heading.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Manifest, readManifest } from '../manifest.ts'
import { notesFrom, sectionsOf, unreleased, type WebFolder } from './changelog.ts'

const projectFolder = join(import.meta.dirname, '../..')

/** Where GitHub shows the files of a version, if package.json names a repository there. */
export function webFolderOf(
  { repositoryUrl = '' }: Pick<Manifest, 'repositoryUrl'>,
  version: string,
): WebFolder | undefined {
  const name = /github\.com\/(.+?)(?:\.git)?$/.exec(repositoryUrl)?.[1]
  return name === undefined ? undefined : `https://github.com/${name}/blob/v${version}`
}

/** The notes of `version`, or of that in package.json. Rejects if the changelog has neither it nor an unreleased part. */
export async function readNotes(version?: string): Promise<string> {
  const manifest = await readManifest()
  const sections = sectionsOf(await readFile(join(projectFolder, 'CHANGELOG.md'), 'utf8'))
  const wanted = version ?? manifest.version
  const section =
    sections.find((candidate) => candidate.version === wanted) ??
    (version === undefined ? sections.find((candidate) => candidate.version === unreleased) : undefined)
  if (section === undefined) {
    throw new Error(`CHANGELOG.md: expected a heading "## ${wanted} - YYYY-MM-DD", found none`)
  }
  return notesFrom(section.text, webFolderOf(manifest, wanted))
}

if (import.meta.main) console.log(await readNotes(process.argv[2]))
