// The agent and its libraries as one file, and the licences of all that is in it.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Libraries that are CommonJS ask for Node's modules by `require`, which a module does not have. */
const requireForCommonJs =
  "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url);"

/** Writes the bundle of `entry` to `outputPath`; resolves with the folders of the libraries that are in it, sorted. */
export async function bundle(entry: string, outputPath: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: outputPath,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    banner: { js: requireForCommonJs },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const folders = Object.keys(metafile.inputs).map(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
  )
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort()
}

/** The licence text of each library, under its name. Rejects where one has none: then it must not be shipped. */
export async function licencesOf(folders: readonly string[]): Promise<string> {
  const texts = await Promise.all(folders.map(licenceOf))
  return texts.join('\n')
}

async function licenceOf(folder: string): Promise<string> {
  const manifest: { name: string; version: string; license?: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  )
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? 'licence below'})`
  return `${'-'.repeat(80)}\n${title}\n\n${await licenceText(folder)}\n`
}

async function licenceText(folder: string): Promise<string> {
  const names = await readdir(folder)
  const file = names.find((name) => /^(licen[cs]e|copying)/i.test(name))
  if (file !== undefined) return readFile(join(folder, file), 'utf8')
  // Some state it at the end of their README.
  const readme = names.find((name) => /^readme/i.test(name))
  const text = readme === undefined ? '' : await readFile(join(folder, readme), 'utf8')
  const section = /^#+ *licen[cs]e[\s\S]*/im.exec(text)?.[0]
  if (section === undefined) throw new Error(`${folder}: expected a file LICENSE, found none`)
  return section
}
