// Bundles a program with its libraries, and collects the licences of the bundled libraries.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const projectFolder = fileURLToPath(new URL('..', import.meta.url))

/** CommonJS libraries load Node's modules with `require`, which ES modules do not have. */
const requireForCommonJs =
  "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url);"

/** Replaces dependencies of libraries to save memory, as measured by `npm run bench -- idle`. */
const replacements: Readonly<Record<string, string>> = {
  // winston's copy of Node's streams.
  'readable-stream': "module.exports = require('node:stream')",
  'readable-stream/lib/_stream_writable.js': "module.exports = require('node:stream').Writable",
}

const replacing: Plugin = {
  name: 'replacing',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path }) =>
      Object.hasOwn(replacements, path) ? { path, namespace: 'replacement' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'replacement' }, ({ path }) => ({
      contents: replacements[path] ?? '',
      resolveDir: projectFolder,
    }))
  },
}

/**
 * Reads only the imported exports of Node's modules. An `import` of node:http would read all its exports, including WebSocket,
 * for which Node loads a second HTTP client (5 MiB).
 */
const onlyImported: Plugin = {
  name: 'only-imported',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: exportsOf(path) }))
  },
}

/** Generates a module with the exports of a Node module, in a form from which esbuild removes unused exports. */
function exportsOf(builtin: string): string {
  const names = Object.keys(process.getBuiltinModule(builtin) ?? {}).filter((name) =>
    /^[a-z_$][\w$]*$/i.test(name),
  )
  return [
    `const builtin = /* @__PURE__ */ require(${JSON.stringify(builtin)})`,
    'export default builtin',
    ...names
      .filter((name) => name !== 'default')
      .map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})()`),
  ].join('\n')
}

/**
 * Bundles `entry`, a main.ts, into `folder`: main.js, and chunks that it loads when a command needs them. Returns the sorted
 * folders of the bundled libraries.
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
    plugins: [replacing, onlyImported],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const folders = Object.keys(metafile.inputs).map(
    (path) => /^node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
  )
  return [...new Set(folders)].filter((found) => found !== undefined).sort()
}

/** The licence text of each library, with its name. Rejects if one has none, because it must not be distributed then. */
export async function licencesOf(folders: readonly string[]): Promise<string> {
  const texts = await Promise.all(folders.map(licenceOf))
  return texts.join('\n')
}

async function licenceOf(library: string): Promise<string> {
  const folder = join(projectFolder, library)
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
  // Some libraries have their licence at the end of the README.
  const readme = names.find((name) => /^readme/i.test(name))
  const text = readme === undefined ? '' : await readFile(join(folder, readme), 'utf8')
  const section = /^#+ *licen[cs]e[\s\S]*/im.exec(text)?.[0]
  if (section === undefined) throw new Error(`${folder}: expected a file LICENSE, found none`)
  return section
}
