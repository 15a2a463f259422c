// Bundles a program with its libraries, and collects the libraries' licences.

import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { buildName } from './build-name.ts'

/** The licences whose terms are met by shipping their texts (SPDX identifiers). A library under another is not shipped unseen. */
export const allowedLicences: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]

const projectFolder = fileURLToPath(new URL('..', import.meta.url))

/** CommonJS libraries call `require` for Node's modules, and an ES module has no `require`. */
const requireForCommonJs =
  "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url);"

/**
 * Loads node:http and node:https by `require`. An `import` of them reads all their exports, and the export `WebSocket`
 * makes Node load a second HTTP client: an idle agent would have 72 MiB where its budget is 68; so it has 66.
 */
const httpByRequire: Plugin = {
  name: 'http-by-require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:https?$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'by-require' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'by-require' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }))
  },
}

/**
 * Bundles `entry`, a main.ts, into `folder`: main.js, and the chunks that a command loads when it needs them. Returns the
 * folders of the bundled libraries, sorted.
 */
export async function bundle(entry: string, folder: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [entry],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    banner: { js: requireForCommonJs },
    plugins: [httpByRequire],
    legalComments: 'none',
    define: { BUILD: JSON.stringify(buildName(projectFolder, process.env)) },
    metafile: true,
    logLevel: 'warning',
  })
  const folders = Object.keys(metafile.inputs).map(
    (path) => /^node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
  )
  return [...new Set(folders)].filter((found) => found !== undefined).sort()
}

/**
 * The licence text of each library, under its name. The folders are absolute or in the checkout. Rejects if a library has none,
 * or one that is not allowed, since it must not be shipped then.
 */
export async function licencesOf(folders: readonly string[]): Promise<string> {
  const texts = await Promise.all(folders.map(licenceOf))
  return texts.join('\n')
}

async function licenceOf(library: string): Promise<string> {
  const folder = resolve(projectFolder, library)
  const manifest: { name: string; version: string; license?: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  )
  if (!allowedLicences.includes(manifest.license ?? '')) {
    throw new Error(
      `${library}: expected one of the licences ${allowedLicences.join(', ')}, found ${manifest.license ?? 'none'}`,
    )
  }
  const title = `${manifest.name} ${manifest.version} (${manifest.license})`
  return `${'-'.repeat(80)}\n${title}\n\n${await licenceText(folder)}\n`
}

async function licenceText(folder: string): Promise<string> {
  const names = await readdir(folder)
  const file = names.find((name) => /^(licen[cs]e|copying)/i.test(name))
  if (file !== undefined) return readFile(join(folder, file), 'utf8')
  // Some libraries state their licence at the end of the README.
  const readme = names.find((name) => /^readme/i.test(name))
  const text = readme === undefined ? '' : await readFile(join(folder, readme), 'utf8')
  const section = /^#+ *licen[cs]e[\s\S]*/im.exec(text)?.[0]
  if (section === undefined) throw new Error(`${folder}: expected a file LICENSE, found none`)
  return section
}
